import type { Random } from "./random.ts";

/** Jobs per second that arrive at a moment (ms since the start). */
export type Demand = (atMs: number) => number;

/** When they arrive: a Poisson process whose rate follows the demand, by thinning one at the highest rate. */
export function arrivalTimes(demand: Demand, untilMs: number, random: Random): number[] {
  const most = Math.max(...Array.from({ length: 1_001 }, (_, index) => demand((index * untilMs) / 1_000)));
  const times: number[] = [];
  if (most <= 0) return times;
  for (let at = 0; at < untilMs; ) {
    at -= (Math.log(1 - random()) * 1_000) / most;
    if (at < untilMs && random() * most < demand(at)) times.push(at);
  }
  return times;
}
