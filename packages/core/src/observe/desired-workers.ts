/** More than the measured need, so that a fleet of that size can catch up. */
const ROOM = 1.2;

export interface Demand {
  /** Jobs that could run now: waiting, prioritized and active ones. */
  readonly ready: number;
  /** Jobs at once in one worker. */
  readonly slots: number;
  /** Permits per second; null: no pace. */
  readonly rate: number | null;
  readonly concurrency: number | null;
  /** Of the limiter, over the last 10 s. */
  readonly acceptedPerSecond: number;
  readonly inFlight: number;
  readonly closed: boolean;
}

/**
 * Pure: how many workers are of use. As many as have a job each slot, but no more than the API lets work: by Little's law a run
 * takes inFlight / accepted, and `rate` runs begin a second. Behind a shut gate one is enough, for the probe.
 */
export function desiredWorkers(demand: Demand): number {
  const { ready, slots, rate, concurrency, acceptedPerSecond, inFlight, closed } = demand;
  if (ready === 0) return 0;
  if (closed) return 1;
  const runSeconds = acceptedPerSecond > 0 ? inFlight / acceptedPerSecond : null;
  const paced = rate === null || runSeconds === null ? Number.POSITIVE_INFINITY : rate * runSeconds * ROOM;
  return Math.max(1, Math.ceil(Math.min(ready, paced, concurrency ?? Number.POSITIVE_INFINITY) / slots));
}
