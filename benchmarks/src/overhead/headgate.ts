import { defineLimiter, defineQueue, type LimiterOptions } from "headgate";
import { createProducer } from "headgate/producer";
import { createWorker } from "headgate/worker";
import {
  CONCURRENCY,
  type Contender,
  finishLine,
  flood,
  KEEP,
  LOCK_MS,
  type Payload,
  payloadOf,
  STALLED_MS,
} from "./contender.ts";

export type LimiterKind = "none" | "declared" | "adaptive";

/** Limits that never bind: every job takes its permit from two buckets and one semaphore. */
const declared = {
  adaptive: false,
  concurrency: 100_000,
  limits: [
    { unit: "requests", amount: 10_000_000, per: "1s" },
    { unit: "requests", amount: 600_000_000, per: "1m" },
  ],
} as const;

const options: Readonly<Record<LimiterKind, LimiterOptions>> = {
  none: { adaptive: false },
  declared,
  adaptive: {},
};

export function headgate(connection: string, namespace: string, kind: LimiterKind): Contender {
  const keep = { age: KEEP.age * 1_000, count: KEEP.count };
  const queue = defineQueue<Payload>("overhead", {
    limiter: defineLimiter("overhead", { ...options[kind], namespace }),
    capacity: 1_000_000,
    retention: { completed: keep, failed: keep },
  });
  const producer = createProducer({ connection });
  const add = async (index: number): Promise<void> => {
    const { accepted } = await producer.enqueue(queue, payloadOf(index));
    if (!accepted) throw new Error("a job was refused: what is measured must be stored");
  };
  return {
    enqueue: async (jobs) => {
      await producer.status(queue);
      const enqueued = await flood(jobs, add);
      // Who enqueues and who works are different processes mostly: both sides are left alone with their worker.
      await producer.close();
      return enqueued;
    },
    process: async (jobs) => {
      const { passed, failed, perSecond } = finishLine(jobs);
      const worker = createWorker(queue, () => null, {
        connection,
        concurrency: CONCURRENCY,
        lockDuration: LOCK_MS,
        stalledInterval: STALLED_MS,
      });
      worker.on("completed", passed).on("error", failed);
      const rate = await perSecond;
      await worker.close();
      return rate;
    },
    close: () => producer.close(),
  };
}
