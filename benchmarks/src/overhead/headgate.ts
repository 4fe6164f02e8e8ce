import { defineLimiter, defineQueue } from "headgate";
import { createProducer } from "headgate/producer";
import { createWorker } from "headgate/worker";
import { CONCURRENCY, type Contender, finishLine, flood, KEEP, LOCK_MS, payloadOf, STALLED_MS } from "./contender.ts";

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

export function headgate(connection: string, namespace: string, kind: LimiterKind): Contender {
  const keep = { age: KEEP.age * 1_000, count: KEEP.count };
  const queue = defineQueue<ReturnType<typeof payloadOf>>("overhead", {
    ...(kind === "none" ? {} : { limiter: defineLimiter("overhead", { namespace, ...(kind === "declared" ? declared : {}) }) }),
    capacity: 1_000_000,
    retention: { completed: keep, failed: keep },
  });
  const producer = createProducer({ connection });
  return {
    enqueue: async (jobs) => {
      await producer.status(queue);
      return flood(jobs, (index) => producer.enqueue(queue, payloadOf(index)));
    },
    process: async (jobs) => {
      const { passed, perSecond } = finishLine(jobs);
      const worker = createWorker(queue, () => null, {
        connection,
        concurrency: CONCURRENCY,
        lockDuration: LOCK_MS,
        stalledInterval: STALLED_MS,
      });
      worker.on("completed", passed);
      const rate = await perSecond;
      await worker.close();
      return rate;
    },
    close: () => producer.close(),
  };
}
