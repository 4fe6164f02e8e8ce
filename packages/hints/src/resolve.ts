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
  readonly refused?: boolean;
}

export interface Resolved {
  readonly hints: Hints;
  readonly throttled: boolean;
  readonly status: number | undefined;
}

/** A rule, and the wait that it gives (ms). */
type Rule = readonly [HintSource, number | undefined];

/** Reads everything once, then lets the first rule that has an answer give the wait. */
export function resolve(exchange: Exchange, now: number, most: number, provider: Provider): Resolved {
  const { status, fields } = exchange;
  const base = clockOf(fields, now);
  const counted = countersOf(fields, base, provider);
  const succeeded = Math.floor((status ?? 0) / 100) === 2;
  const said = bodySays(exchange.body, base, provider.terminalCodes ?? [], succeeded);
  const stated = firstOf(statedWaits(exchange, counted, said, base), most);
  const throttled = isThrottled(exchange, counted.counters, said, stated !== undefined, provider);
  const [source, retryAfterMs] = said.terminal
    ? ["terminal" as const, waitMs(said.defaultMs, most)]
    : (stated ?? firstOf(otherWaits(counted.counters, throttled, said, provider), most) ?? ["none" as const]);
  const hints: Hints = {
    ...(retryAfterMs !== undefined && { retryAfterMs }),
    source,
    ...(said.terminal && { terminal: true as const }),
    limits: [...counted.counters, ...said.counters].map(limitHint),
    scope: counted.scope ?? said.scope ?? "unknown",
  };
  return { hints, throttled, status };
}

function firstOf(rules: readonly Rule[], most: number): Rule | undefined {
  for (const [source, ms] of rules) {
    const wait = waitMs(ms, most);
    if (wait !== undefined) return [source, wait];
  }
  return undefined;
}

/** Times are held against the response's own Date, so that it does not matter how wrong the hosts' clocks are. */
function clockOf(fields: Fields, now: number): () => number {
  let base: number | undefined;
  return () => {
    base ??= dateMs(fields.get("date") ?? "") ?? now;
    return base;
  };
}

/** Rules 1 to 3: somebody says how long to wait. */
function statedWaits({ fields, clientMs }: Exchange, counted: Counted, said: Said, base: () => number): Rule[] {
  const ms = fields.get("retry-after-ms") ?? fields.get("x-ms-retry-after-ms") ?? "";
  return [
    ["retry-after-ms", untilMs(ms, base, "ms")],
    ["retry-after", retryAfter(fields.get("retry-after") ?? "", base) ?? counted.askedMs],
    ["body", said.askedMs],
    ["client", clientMs],
  ];
}

/** RFC 9110, section 10.2.3, and what else is on the wire: fractions (Shopify's `2.0`), a repeated field, an epoch. */
function retryAfter(text: string, base: () => number): number | undefined {
  const whole = untilMs(text, base);
  if (whole !== undefined || !text.includes(",")) return whole;
  // One part that is no time makes it NaN, which is no wait.
  return Math.max(...text.split(",").map((part) => untilMs(part.trim(), base) ?? Number.NaN));
}

/** 429 always. Overload and 403 only if something says that it is about a limit: without that they are plain failures. */
function isThrottled(
  { status, refused }: Exchange,
  counters: readonly Counter[],
  said: Said,
  stated: boolean,
  provider: Provider,
): boolean {
  if (said.throttled || refused || said.terminal || status === 429) return true;
  if (status === undefined) return false;
  if (provider.throttledStatuses?.includes(status)) return true;
  if (status === 503 || status === 529) return stated;
  // GitHub answers 403 to both of its limits.
  return status === 403 && (stated || counters.some((one) => one.remaining === 0 && one.resetMs));
}

/**
 * Rules 4 to 7. Nothing is left until a reset, where a refusal that does not tell what is left means nothing is; then what is
 * known of the API. Rule 8, exponential back-off with jitter, is the caller's.
 */
function otherWaits(counters: readonly Counter[], throttled: boolean, said: Said, provider: Provider): Rule[] {
  const longest = (rule: Counter["rule"] & HintSource): Rule => {
    let ms = 0;
    for (const { rule: own, remaining = Number(!throttled), resetMs = 0 } of counters) {
      if (own === rule && remaining === 0) ms = Math.max(ms, resetMs);
    }
    return [rule, ms];
  };
  return [
    longest("ratelimit"),
    longest("reset-after"),
    longest("reset"),
    ["default", throttled ? (said.defaultMs ?? provider.defaultWaitMs) : undefined],
  ];
}
