/** How a `*-reset` header counts. Without it the value's own look decides. */
export type ResetUnit = "s" | "ms" | "epoch-s" | "epoch-ms";

const DAY_MS = 86_400_000;
/** The most that a reset or a window is believed (ms): no API counts over more than a year. */
const WINDOW_MOST_MS = 366 * DAY_MS;
/** The most that a wait is believed unless the caller says otherwise (ms): a lie must not close an API for longer than a day. */
export const WAIT_MOST_MS: number = DAY_MS;

export const NUMBER: RegExp = /^[+-]?\d+(?:\.\d+)?$/;
const DURATION = /^(?:\d+(?:\.\d+)?(?:ns|us|µs|ms|s|m|h|d))+$/;
const DURATION_PART = /(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h|d)/g;
const UNIT_MS: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: DAY_MS,
};
/** Date.parse takes "page 1" for the year 2001, so a date has to look like one first. */
const DATE = /^(?:\d{4}-\d\d-\d\d[T ]|[A-Z][a-z]{2,8},? (?:\d|[A-Z][a-z]{2} ))/;
const ZONE = /(?:Z|[A-Z]{3}|[+-]\d\d:?\d\d)(?: \(.*\))?$/;

/** A length of time in Go's writing, `6m0s` or `12ms` (OpenAI, Groq; Google's `55s`): ms. */
export function durationMs(text: string): number | undefined {
  if (!DURATION.test(text)) return undefined;
  let ms = 0;
  for (const [, amount, unit] of text.matchAll(DURATION_PART)) ms += Number(amount) * (UNIT_MS[unit ?? ""] ?? 0);
  return ms;
}

/** IMF-fixdate, RFC 850, asctime, RFC 3339, and what JavaScript's own Date prints. Without a zone it is UTC. Epoch ms. */
export function dateMs(text: string): number | undefined {
  if (text.length > 100 || !DATE.test(text)) return undefined;
  const at = Date.parse(ZONE.test(text) ? text : text.includes("-") ? `${text}Z` : `${text} GMT`);
  return Number.isNaN(at) ? undefined : at;
}

/**
 * ms from `base` (epoch ms) until what the text says; negative when it has passed. The same name means epoch seconds, epoch
 * milliseconds, seconds, a duration or a date, depending on who sends it. 1e9 s from now would be 31 years, 1e12 s is an era.
 */
export function untilMs(text: string, base: () => number, unit?: ResetUnit): number | undefined {
  if (!NUMBER.test(text)) {
    const duration = durationMs(text);
    if (duration !== undefined) return duration;
    const at = dateMs(text);
    return at === undefined ? undefined : at - base();
  }
  const value = Number(text);
  const counts = unit ?? (value >= 1e12 ? "epoch-ms" : value >= 1e9 ? "epoch-s" : "s");
  return value * (counts.endsWith("ms") ? 1 : 1_000) - (counts.startsWith("epoch") ? base() : 0);
}

/** A time to wait: whole ms, capped. Nothing for 0, negatives (sentinels, times that have passed) and what is no number. */
export function waitMs(ms: number | undefined, most: number): number | undefined {
  return ms !== undefined && ms > 0 ? Math.min(Math.ceil(ms), most) : undefined;
}

/** A reset or a window: whole ms from 0 on, capped. */
export function spanMs(ms: number | undefined): number | undefined {
  return ms === undefined || Number.isNaN(ms) ? undefined : Math.min(Math.max(Math.ceil(ms), 0), WINDOW_MOST_MS);
}
