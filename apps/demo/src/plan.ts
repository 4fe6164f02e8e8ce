/** What the API allows, and for how long. */
export interface Phase {
  readonly perSecond: number;
  readonly seconds: number;
}

export const DEFAULT_SECONDS = 60;

/** 50 calls a second, then 10, then 50 again: a quarter, a quarter and half of the time. */
export const planFor = (seconds: number): readonly Phase[] => [
  { perSecond: 50, seconds: seconds / 4 },
  { perSecond: 10, seconds: seconds / 4 },
  { perSecond: 50, seconds: seconds / 2 },
];

export interface Change {
  /** After the first call. */
  readonly atMs: number;
  readonly perSecond: number;
}

/** When each phase begins, counted from the first call that the API sees. */
export function changesOf(plan: readonly Phase[]): readonly Change[] {
  let atMs = 0;
  return plan.map(({ perSecond, seconds }) => {
    const change = { atMs, perSecond };
    atMs += seconds * 1000;
    return change;
  });
}
