import { bodySays, type Said } from "./body.ts";
import { type Counter, finished, limitHint } from "./counter.ts";
import { countersOf } from "./counters.ts";
import type { Fields } from "./fields.ts";
import type { HintScope, HintSource, Hints } from "./hints.ts";
import type { Provider } from "./providers.ts";
import { dateMs, untilMs } from "./time.ts";

/** An answer of an API, taken apart. */
export interface Exchange {
  readonly status: number | undefined;
  readonly fields: Fields;
  /** Parsed, or text. */
  readonly body: unknown;
  /** A wait that a client library worked out itself (ms). */
  readonly clientMs?: number;
  /** The client says that it is a limit (an error of a class of its own, without a status). */
  readonly refused?: boolean;
}

export interface Classified {
  /** The API refused because of a limit or of overload: the call is worth making again, later. */
  readonly throttled: boolean;
  /** Throttled by a quota that no waiting of minutes brings back. Implies `throttled`. */
  readonly terminal: boolean;
  readonly hint: Hints;
  /** HTTP status, where the client or the answer gives one. */
  readonly status: number | undefined;
}

/** A rule, and the wait that it gives (ms): none unless it is above 0, which leaves out sentinels and times that have passed. */
type Rule = readonly [HintSource, number | undefined];
const gives = ([, ms = 0]: Rule): boolean => ms > 0;

/** Reads everything once, then lets the first rule that has an answer give the wait. */
export function resolve(exchange: Exchange, now: number, most: number, provider: Provider): Classified {
  const { status = 0, fields, clientMs } = exchange;
  // Times are held against the response's own Date, so that it does not matter how wrong the hosts' clocks are.
  let date: number | undefined;
  const base = (): number => {
    date ??= dateMs(fields.get("date") ?? "") || now;
    return date;
  };
  const [counters, lone] = countersOf(fields, base, provider);
  const said = bodySays(exchange.body, base, provider.terminalCodes ?? [], status > 199 && status < 300);
  for (const counter of said.counters) counters.push(finished(counter, undefined));

  const stated: Rule[] = [
    ["retry-after-ms", untilMs(fields.get("retry-after-ms"), base, "ms")],
    ["retry-after-ms", untilMs(fields.get("x-ms-retry-after-ms"), base, "ms")],
    ["retry-after", retryAfter(fields.get("retry-after"), base)],
    ["retry-after", untilMs(lone["retry-after"], base)],
    ["body", said.askedMs],
    ["client", clientMs],
  ];
  const told = stated.find(gives);
  const throttled = isThrottled(exchange, counters, said, told !== undefined, provider);
  const [source, ms] = said.terminal
    ? ["terminal" as const, said.defaultMs]
    : (told ?? others(counters, throttled, said, provider).find(gives) ?? ["none" as const]);
  const scope = lone.global === "true" ? "global" : lone.scope;
  const hint: Writable<Hints> = {
    source,
    limits: counters.map(limitHint),
    scope: isScope(scope) ? scope : (said.scope ?? "unknown"),
  };
  if (ms) hint.retryAfterMs = Math.min(Math.ceil(ms), most);
  if (said.terminal) hint.terminal = true;
  return { throttled, terminal: said.terminal, hint, status: exchange.status };
}

type Writable<Shape> = { -readonly [Name in keyof Shape]: Shape[Name] };

/** RFC 9110, section 10.2.3, and what else is on the wire: fractions (Shopify's `2.0`), a repeated field, an epoch. */
function retryAfter(text: string | undefined, base: () => number): number {
  const whole = untilMs(text, base);
  // One part that is no time makes it NaN, which is no wait.
  return text?.includes(",") && Number.isNaN(whole)
    ? Math.max(...text.split(",").map((part) => untilMs(part.trim(), base)))
    : whole;
}

/** 429 always. Overload and 403 only if something says that it is about a limit: without that they are plain failures. */
const isThrottled = (
  { status = 0, refused }: Exchange,
  counters: readonly Counter[],
  said: Said,
  stated: boolean,
  { throttledStatuses = [] }: Provider,
): boolean =>
  said.throttled ||
  said.terminal ||
  refused === true ||
  status === 429 ||
  throttledStatuses.includes(status) ||
  (stated && [403, 503, 529].includes(status)) ||
  // GitHub answers 403 to both of its limits.
  (status === 403 && counters.some((one) => one.remaining === 0 && !!one.resetMs));

/**
 * Rules 4 to 7. Nothing is left until a reset, where a refusal that does not tell what is left means nothing is; then what is
 * known of the API. Rule 8, exponential back-off with jitter, is the caller's.
 */
function others(counters: readonly Counter[], throttled: boolean, said: Said, provider: Provider): Rule[] {
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

/** Discord's words. */
const isScope = (scope: string | undefined): scope is HintScope =>
  scope === "user" || scope === "global" || scope === "shared";
