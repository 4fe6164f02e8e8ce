import type { Limiter } from "headgate";
import type { Control, LimiterStatus, QueueStatus } from "headgate/control";
import type { BoardQueue } from "./board.ts";

/** Every limiter and queue of the board at one moment. */
export interface Snapshot {
  /** Epoch milliseconds on the board's clock. */
  readonly at: number;
  readonly limiters: readonly LimiterStatus[];
  readonly queues: readonly QueueStatus[];
}

export type ReadSnapshot = () => Promise<Snapshot>;

/** A snapshot this young is handed out again, so that many open tabs cost Redis no more than one. */
const MAX_AGE_MS = 250;

export function limitersOf(queues: readonly BoardQueue[]): readonly Limiter[] {
  return [...new Map(queues.map((queue) => [queue.limiter.name, queue.limiter])).values()];
}

export function snapshotReader(
  control: Pick<Control, "status">,
  queues: readonly BoardQueue[],
  now: () => number = Date.now,
): ReadSnapshot {
  const limiters = limitersOf(queues);
  let latest: { readonly at: number; readonly reading: Promise<Snapshot> } | undefined;

  async function read(at: number): Promise<Snapshot> {
    const [limiterStatuses, queueStatuses] = await Promise.all([
      Promise.all(limiters.map((limiter) => control.status(limiter))),
      Promise.all(queues.map((queue) => control.status(queue))),
    ]);
    return { at, limiters: limiterStatuses, queues: queueStatuses };
  }

  return () => {
    const at = now();
    if (latest === undefined || at - latest.at > MAX_AGE_MS) latest = { at, reading: read(at) };
    return latest.reading;
  };
}
