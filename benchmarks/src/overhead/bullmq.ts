import { Queue, Worker } from "bullmq";
import { Redis } from "ioredis";
import { CONCURRENCY, type Contender, finishLine, flood, KEEP, LOCK_MS, payloadOf, STALLED_MS } from "./contender.ts";

/** Plain BullMQ with the same attempts, backoff, retention and lock times. */
export function bullmq(connection: string, namespace: string): Contender {
  const client = new Redis(connection, { maxRetriesPerRequest: null });
  const shared = { connection: client as never, prefix: `{${namespace}:plain}` };
  const queue = new Queue("overhead", {
    ...shared,
    defaultJobOptions: { attempts: 3, backoff: { type: "exponential", delay: 1_000 } },
  });
  return {
    enqueue: async (jobs) => {
      await queue.waitUntilReady();
      const enqueued = await flood(jobs, (index) => queue.add("overhead", payloadOf(index)));
      await queue.close();
      return enqueued;
    },
    process: async (jobs) => {
      const { passed, failed, perSecond } = finishLine(jobs);
      const worker = new Worker("overhead", async () => null, {
        ...shared,
        concurrency: CONCURRENCY,
        lockDuration: LOCK_MS,
        stalledInterval: STALLED_MS,
        removeOnComplete: KEEP,
        removeOnFail: KEEP,
      });
      worker.on("completed", passed).on("error", failed);
      const rate = await perSecond;
      await worker.close();
      return rate;
    },
    close: async () => {
      await queue.close();
      client.disconnect();
    },
  };
}
