/** A point: seconds of the run, calls per second. */
export type Point = readonly [seconds: number, perSecond: number];

/** At least so many calls should fall into one bin, or the line shows single calls and no rate. */
const CALLS = 10;
const LEAST_MS = 1_000;

/** How wide a bin has to be for an API that offers this many calls a run (ms); whole slices. */
export function binMs(offered: readonly number[], sliceMs: number): number {
  const runMs = offered.length * sliceMs;
  const perMs = offered.reduce((sum, calls) => sum + calls, 0) / runMs;
  const wanted = Math.min(runMs / 10, Math.max(LEAST_MS, CALLS / perMs));
  return Math.max(1, Math.round(wanted / sliceMs)) * sliceMs;
}

/** Calls by slices → calls per second by bins, each at its middle. A last bin that is not whole is left out. */
export function curve(slices: readonly number[], sliceMs: number, binnedMs: number): Point[] {
  const size = binnedMs / sliceMs;
  return Array.from({ length: Math.floor(slices.length / size) }, (_, index): Point => {
    const calls = slices.slice(index * size, (index + 1) * size).reduce((sum, count) => sum + count, 0);
    return [((index + 0.5) * binnedMs) / 1_000, (calls * 1_000) / binnedMs];
  });
}
