import type { Counter, Verdict } from "./api/api.ts";

/** What an API tells about a refusal: its Retry-After (ms), 0 for none. */
export type Manners = (verdict: Verdict & { accepted: false }) => number;

export const silent: Manners = () => 0;

/** Whole seconds, rounded up, as HTTP has them. */
export const honest: Manners = ({ waitMs }) => Math.max(1, Math.ceil(waitMs / 1_000)) * 1_000;

/** To the millisecond, as `retry-after-ms` and fractions of a second have it. */
export const precise: Manners = ({ waitMs }) => Math.max(1, Math.ceil(waitMs));

/** How an API tells of one of its counters: as the wire has it (src/bullmq/ending.ts), in the header's own precision. */
export type Telling = (counter: Counter) => Told;
/** Unit, limit, remaining, reset and window (ms; -1: not said). */
export type Told = readonly [string, number, number, number, number];

const seconds = (ms: number): number => Math.ceil(ms / 1_000) * 1_000;

/** The IETF draft's RateLimit and RateLimit-Policy: whole seconds, with the window. */
export const drafted: Telling = ({ unit, limit, remaining, resetMs, windowMs }) => [
  unit,
  limit,
  remaining,
  seconds(resetMs),
  seconds(windowMs),
];

/** X-RateLimit-*: whole seconds, without the window. */
export const legacy: Telling = ({ unit, limit, remaining, resetMs }) => [unit, limit, remaining, seconds(resetMs), -1];

/** Kong's: the window is in the header's name, its end is not told. */
export const named: Telling = ({ unit, limit, remaining, windowMs }) => [unit, limit, remaining, -1, windowMs];

/** Only what is left, as Shopify's call limit. */
export const leftOnly: Telling = ({ unit, limit, remaining }) => [unit, limit, remaining, -1, -1];

/** Always the same, whatever is true. */
export const always =
  (ms: number): Manners =>
  () =>
    ms;
