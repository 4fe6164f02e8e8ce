import type { Place } from "./place.ts";
import type { LimiterStatus } from "./status.ts";
import { type Turns, weightOf } from "./turns.ts";

interface Start {
  /** Epoch ms. */
  readonly at: number;
  /** Share of the scarcest limit's period that it took; 1 where there are no limits. */
  readonly weight: number;
}

/** Fewer would make a pace of chance. */
const LEAST_PACE_STARTS = 16;

const weighed = (weight: number): number => (weight > 0 ? weight : 1);

/** What ended of late and what runs now, by when it started. */
export const startsOf = ({ runs, running }: Place): readonly Start[] =>
  [
    ...runs.map(([at, , weight]) => ({ at, weight: weighed(weight) })),
    ...running.map(([at, weight]) => ({ at, weight: weighed(weight) })),
  ].sort((a, b) => a.at - b.at);

/**
 * When the last of these turns comes, at the pace of late. While the job itself was waiting its queue had work all the
 * time: only starts since it came tell the pace. It is one of weights, and of turns: cheap jobs that started say little of
 * when costly ones will, and another queue's end leaves more to this one.
 */
export function paceMs(place: Place, { costs, own, total }: Turns, limits: LimiterStatus["limits"]): number {
  const starts = startsOf(place).filter(({ at }) => at >= place.enqueuedAt);
  if (starts.length < LEAST_PACE_STARTS) return 0;
  const took = (starts.at(-1)?.at ?? 0) - (starts[0]?.at ?? 0);
  const started = starts.slice(1).reduce((sum, { weight }) => sum + weight, 0);
  const next = own.slice(0, starts.length);
  const sumOf = (turns: readonly (readonly number[])[]): number =>
    turns.reduce((sum, cost) => sum + weightOf(cost, limits), 0);
  const nextMs = (sumOf(next.map((index) => costs[index] ?? [])) * took) / started;
  const untilNext = sumOf(costs.slice(0, (next.at(-1) ?? 0) + 1));
  return (nextMs * sumOf(costs) * (total / costs.length)) / untilNext;
}

/**
 * Until so many more jobs have got one of so many slots, each of which is free again after a run: those that run now end
 * first, in the order of their starts.
 */
export function handsMs(
  { running, now }: Place,
  turns: number,
  slots: number | null,
  taken: number,
  runMs: number | null,
): number {
  if (slots === null || runMs === null) return 0;
  const known = running.map(([at]) => Math.min(runMs, Math.max(0, at + runMs - now))).slice(0, slots);
  const free = Math.max(0, slots - Math.max(taken, known.length));
  // Of other queues' jobs it is not known when they started.
  const unknown = Math.max(0, slots - free - known.length);
  const ends = [
    ...Array.from({ length: free }, () => 0),
    ...known,
    ...Array.from({ length: unknown }, (_, index) => (runMs * (index + 1)) / (unknown + 1)),
  ].sort((a, b) => a - b);
  const rounds = Math.floor((turns - 1) / slots);
  return rounds * runMs + (ends[(turns - 1) % slots] ?? 0);
}
