import type { JobsOptions } from "bullmq";
import type { Queue } from "../define/queue.ts";

/** BullMQ's options of a job of the queue. `context`: of a trace, "" without one. */
export function jobOptions(queue: Queue, priority: number, delayMs: number, context = ""): JobsOptions {
  const urgency = priority === 0 && queue.shed !== null ? queue.defaultPriority : priority;
  const { type, delayMs: delay, jitter } = queue.backoff;
  return {
    attempts: queue.attempts,
    backoff: { type, delay, ...(jitter > 0 ? { jitter } : {}) },
    ...(urgency > 0 ? { priority: urgency } : {}),
    ...(delayMs > 0 ? { delay: delayMs } : {}),
    // As BullMQ abbreviates `telemetry.metadata`.
    ...(context === "" ? {} : { tm: context }),
  };
}
