import type { LimiterStatus, QueueStatus } from "../control/status.ts";
import { desiredWorkers } from "./desired-workers.ts";
import type { Declared, Instruments, Sample } from "./instruments.ts";

/** A queue and its limiter as Redis had them. */
export interface QueueLook {
  readonly status: QueueStatus;
  readonly limiter: LimiterStatus;
  /** Jobs at once in one of its workers. */
  readonly slots: number;
}

const LEVELS = ["open", "slow", "closed"] as const;

/** Shows queues as Redis has them. */
export function showQueues(make: Instruments, looks: () => Iterable<QueueLook>): void {
  const each = <Label extends string>(samples: (look: QueueLook) => Iterable<Sample<Label>>) =>
    function* (): Generator<Sample<Label>> {
      for (const look of looks()) yield* samples(look);
    };
  const one = (name: string, help: string, unit: string, value: (look: QueueLook) => number | null): void => {
    const declared: Declared<"queue"> = { name, help, labels: ["queue"], unit };
    make.gauge(
      declared,
      each<"queue">((look) => {
        const shown = value(look);
        return shown === null ? [] : [[{ queue: look.status.queue }, shown]];
      }),
    );
  };
  one("headgate_queue_depth_jobs", "Jobs admitted and not finished", "{job}", ({ status }) => status.depth);
  one("headgate_queue_capacity_jobs", "Bound on depth", "{job}", ({ status }) => status.capacity);
  one("headgate_queue_fill_ratio", "Depth over capacity", "1", ({ status }) => status.depth / status.capacity);
  one(
    "headgate_queue_oldest_job_age_seconds",
    "Age of the oldest job that waits or runs",
    "s",
    ({ status }) => (status.oldestJobAgeMs ?? 0) / 1_000,
  );
  one(
    "headgate_queue_estimated_drain_seconds",
    "Depth over the measured drain rate; absent without one",
    "s",
    ({ status: { depth, drainPerSecond } }) => (drainPerSecond > 0 ? depth / drainPerSecond : null),
  );
  one(
    "headgate_desired_workers",
    "Workers that would be of use, no more than the limit lets work",
    "{worker}",
    desired,
  );
  make.gauge(
    { name: "bullmq_job_count", help: "Jobs by state", labels: ["queue", "state"], unit: "{job}" },
    each<"queue" | "state">(({ status: { queue, counts } }) =>
      Object.entries(asBullmqCounts(counts)).map(
        ([state, count]): Sample<"queue" | "state"> => [{ queue, state }, count],
      ),
    ),
  );
  make.gauge(
    { name: "headgate_pressure_level", help: "1 for the queue's level", labels: ["queue", "level"], unit: "1" },
    each<"queue" | "level">(({ status: { queue, level } }) =>
      LEVELS.map((name): Sample<"queue" | "level"> => [{ queue, level: name }, level === name ? 1 : 0]),
    ),
  );
}

/** The states of BullMQ's own `exportPrometheusMetrics()`: those of a paused queue wait as well. */
function asBullmqCounts({ wait, paused, ...others }: QueueStatus["counts"]): Readonly<Record<string, number>> {
  return { ...others, waiting: wait + paused };
}

function desired({ status: { paused, counts }, limiter, slots }: QueueLook): number {
  return desiredWorkers({
    ready: paused ? 0 : counts.wait + counts.prioritized + counts.active,
    slots,
    rate: limiter.rate,
    concurrency: limiter.concurrency,
    acceptedPerSecond: limiter.acceptedPerSecond,
    inFlight: limiter.inFlight,
    closed: limiter.gate.closed,
  });
}
