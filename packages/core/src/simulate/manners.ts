import type { Verdict } from "./api/api.ts";

/** What an API tells about a refusal: its Retry-After (ms), 0 for none. */
export type Manners = (verdict: Verdict & { accepted: false }) => number;

export const silent: Manners = () => 0;

/** Whole seconds, rounded up, as HTTP has them. */
export const honest: Manners = ({ waitMs }) => Math.max(1, Math.ceil(waitMs / 1_000)) * 1_000;

/** To the millisecond, as `retry-after-ms` and fractions of a second have it. */
export const precise: Manners = ({ waitMs }) => Math.max(1, Math.ceil(waitMs));

/** Always the same, whatever is true. */
export const always =
  (ms: number): Manners =>
  () =>
    ms;
