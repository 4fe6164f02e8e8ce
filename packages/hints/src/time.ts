/** How a `*-reset` header counts. Without it the value's own look decides. */
export type ResetUnit = "s" | "ms" | "epoch-s" | "epoch-ms";

const DAY_MS = 86_400_000;
/** The most that a wait is believed unless the caller says otherwise (ms): a lie must not close an API for longer than a day. */
export const WAIT_MOST_MS: number = DAY_MS;
/** The most that a reset or a window is believed (ms): no API counts over more than a year. */
const SPAN_MOST_MS = 366 * DAY_MS;

export const NUMBER: RegExp = /^[+-]?\d+(?:\.\d+)?$/;
/** Most texts are none: a look at how it begins costs a tenth of going through it. */
export const DURATION: RegExp = /^[\d.]+[a-zµ]/;
const DURATION_PART = /(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h|d)/g;
const UNIT_MS: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  ms: 1,
  s: 1e3,
  m: 6e4,
  h: 36e5,
  d: DAY_MS,
};
/** Date.parse takes "page 1" for the year 2001, so a date has to look like one first. */
const DATE = /^(?:\d{4}-\d\d-\d\d[T ]|[A-Z][a-z]{2,8},? (?:\d|[A-Z][a-z]{2} ))/;
const ZONE = /(?:Z|[A-Z]{3}|[+-]\d\d:?\d\d)(?: \(.*\))?$/;
const DATE_MOST = 100;

/** A length of time in Go's writing, `6m0s` or `12ms` (OpenAI, Groq; Google's `55s`): ms, NaN for anything else. */
export function durationMs(text: string): number {
  if (!DURATION.test(text)) return Number.NaN;
  let ms = 0;
  const rest = text.replace(DURATION_PART, (_, amount: string, unit: string) => {
    ms += Number(amount) * (UNIT_MS[unit] ?? 0);
    return "";
  });
  return rest ? Number.NaN : ms;
}

/** IMF-fixdate, RFC 850, asctime, RFC 3339, and what JavaScript's own Date prints. Without a zone it is UTC. Epoch ms, or NaN. */
export function dateMs(text: string): number {
  if (text.length > DATE_MOST || !DATE.test(text)) return Number.NaN;
  return Date.parse(ZONE.test(text) ? text : text.includes("-") ? `${text}Z` : `${text} GMT`);
}

/**
 * ms from `base` (epoch ms) until what the text says, negative when it has passed, NaN when it is no time. The same name means
 * epoch seconds, epoch milliseconds, seconds, a duration or a date, depending on who sends it. 1e9 s from now would be 31 years,
 * 1e12 s is an era.
 */
export function untilMs(text = "", base: () => number, unit?: ResetUnit): number {
  if (!NUMBER.test(text)) {
    const duration = durationMs(text);
    return Number.isNaN(duration) ? dateMs(text) - base() : duration;
  }
  const value = Number(text);
  const counts = unit ?? (value >= 1e12 ? "epoch-ms" : value >= 1e9 ? "epoch-s" : "s");
  return value * (counts.endsWith("ms") ? 1 : 1e3) - (counts[0] === "e" ? base() : 0);
}

/** A reset or a window: whole ms from 0 on, capped; nothing for NaN. */
export const spanMs = (ms: number | undefined = Number.NaN): number | undefined =>
  Number.isNaN(ms) ? undefined : Math.min(Math.max(Math.ceil(ms), 0), SPAN_MOST_MS);
