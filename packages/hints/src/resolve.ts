import { bodySays, type Said } from "./body.ts";
import { type Counter, limitHint } from "./counter.ts";
import { type Counted, countersOf } from "./counters.ts";
import type { Fields } from "./fields.ts";
import type { HintSource, Hints } from "./hints.ts";
import type { Provider } from "./providers.ts";
import { dateMs, untilMs, waitMs } from "./time.ts";

/** An answer of an API, taken apart. */
export interface Exchange {
  readonly status: number | undefined;
  readonly fields: Fields;
  /** Parsed, or text. */
  readonly body: unknown;
  /** A wait that a client library worked out itself (ms). */
  readonly clientMs?: number | undefined;
  /** The client says that it is a limit (an error of a class of its own, without a status). */
  readonly clientThrottled?: boolean;
}

export interface Resolved {
  readonly hints: Hints;
  readonly throttled: boolean;
}

/** Reads everything once, then lets the first rule that has an answer give the wait. */
export function resolve(exchange: Exchange, now: number, most: number, provider: Provider): Resolved {
  const { status, fields } = exchange;
  const base = clockOf(fields, now);
  const counted = countersOf(fields, base, provider);
  const succeeded = status !== undefined && status >= 200 && status < 300;
  const said = bodySays(exchange.body, base, provider.terminalCodes ?? [], succeeded);
  const stated = statedWait(exchange, counted, said, base, most);
  const throttled = isThrottled(exchange, counted.counters, said, stated !== null, provider);
  const { retryAfterMs, source } = said.terminal
    ? { retryAfterMs: waitMs(said.defaultMs, most), source: "terminal" as const }
    : (stated ?? countedWait(counted.counters, throttled, most) ?? defaultWait(throttled, said, provider, most));
  const hints: Hints = {
    ...(retryAfterMs !== undefined && { retryAfterMs }),
    source,
    ...(said.terminal && { terminal: true as const }),
    limits: [...counted.counters, ...said.counters].map(limitHint),
    scope: counted.scope ?? said.scope ?? "unknown",
  };
  return { hints, throttled };
}

interface Wait {
  readonly retryAfterMs?: number | undefined;
  readonly source: HintSource;
}

/** Times are held against the response's own Date, so that it does not matter how wrong the hosts' clocks are. */
function clockOf(fields: Fields, now: number): () => number {
  let base: number | undefined;
  return () => {
    base ??= dateMs(fields.get("date") ?? "") ?? now;
    return base;
  };
}

/** Provider 1 to 3: somebody says how long to wait. */
function statedWait(
  { fields, clientMs }: Exchange,
  counted: Counted,
  said: Said,
  base: () => number,
  most: number,
): Wait | null {
  const ms = fields.get("retry-after-ms") ?? fields.get("x-ms-retry-after-ms");
  const stated: [HintSource, number | undefined][] = [
    ["retry-after-ms", ms === undefined ? undefined : untilMs(ms, base, "ms")],
    ["retry-after", retryAfter(fields.get("retry-after"), base) ?? counted.retryAfterMs],
    ["body", said.retryAfterMs],
    ["client", clientMs],
  ];
  for (const [source, wait] of stated) {
    const retryAfterMs = waitMs(wait, most);
    if (retryAfterMs !== undefined) return { retryAfterMs, source };
  }
  return null;
}

/** RFC 9110, section 10.2.3, and what else is on the wire: fractions (Shopify's `2.0`), a repeated field, an epoch. */
function retryAfter(text: string | undefined, base: () => number): number | undefined {
  if (text === undefined) return undefined;
  const whole = untilMs(text, base);
  if (whole !== undefined || !text.includes(",")) return whole;
  const parts = text.split(",").map((part) => untilMs(part.trim(), base));
  const known = parts.filter((part) => part !== undefined);
  return known.length === parts.length ? Math.max(...known) : undefined;
}

/** 429 always. Overload and 403 only if something says that it is about a limit: without that they are plain failures. */
function isThrottled(
  { status, clientThrottled }: Exchange,
  counters: readonly Counter[],
  said: Said,
  stated: boolean,
  provider: Provider,
): boolean {
  if (said.throttled || clientThrottled || said.terminal || status === 429) return true;
  if (status === undefined) return false;
  if (provider.throttledStatuses?.includes(status)) return true;
  if (status === 503 || status === 529) return stated;
  // GitHub answers 403 to both of its limits.
  return status === 403 && (stated || counters.some((one) => one.remaining === 0 && (one.resetMs ?? 0) > 0));
}

/** Provider 4 to 6: nothing is left until a reset. A refusal that does not tell what is left means nothing is. */
function countedWait(counters: readonly Counter[], throttled: boolean, most: number): Wait | null {
  for (const rule of ["ratelimit", "reset-after", "reset"] as const) {
    let longest = 0;
    for (const one of counters) {
      if (one.rule === rule && (one.remaining === 0 || (throttled && one.remaining === undefined))) {
        longest = Math.max(longest, one.resetMs ?? 0);
      }
    }
    const retryAfterMs = waitMs(longest, most);
    if (retryAfterMs !== undefined) return { retryAfterMs, source: rule };
  }
  return null;
}

/** Rule 7; rule 8, exponential back-off with jitter, is the caller's. */
function defaultWait(throttled: boolean, said: Said, provider: Provider, most: number): Wait {
  const retryAfterMs = throttled ? waitMs(said.defaultMs ?? provider.defaultWaitMs, most) : undefined;
  return retryAfterMs === undefined ? { source: "none" } : { retryAfterMs, source: "default" };
}
