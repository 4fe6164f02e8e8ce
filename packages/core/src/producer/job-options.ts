import type { JobsOptions } from "bullmq";
import type { Queue } from "../define/queue.ts";

/** BullMQ's options of a job of the queue. */
export function jobOptions(queue: Queue, priority: number, delayMs: number): JobsOptions {
  const { type, delayMs: delay, jitter } = queue.backoff;
  return {
    attempts: queue.attempts,
    backoff: { type, delay, ...(jitter > 0 ? { jitter } : {}) },
    ...(priority > 0 ? { priority } : {}),
    ...(delayMs > 0 ? { delay: delayMs } : {}),
  };
}
