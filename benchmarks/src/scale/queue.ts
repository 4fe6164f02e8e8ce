import { defineLimiter, defineQueue, type Queue } from "headgate";
import { createProducer } from "headgate/producer";

/** A hundred permits a second, or limits that are asked each time and never bind. */
export type Limits = "hundred" | "never-bind";

const limits = {
  hundred: { limits: [{ unit: "requests", amount: 100, per: "1s" }] },
  "never-bind": {
    concurrency: 100_000,
    limits: [
      { unit: "requests", amount: 10_000_000, per: "1s" },
      { unit: "requests", amount: 600_000_000, per: "1m" },
    ],
  },
} as const;

/** Nothing is trimmed: what has completed is counted in its set. */
const KEEP = { age: "1d", count: 1_000_000 } as const;

export const queueOf = (namespace: string, kind: Limits): Queue<number, number> =>
  defineQueue<number>("calls", {
    limiter: defineLimiter("api", { ...limits[kind], adaptive: false, namespace }),
    capacity: 1_000_000,
    retention: { completed: KEEP, failed: KEEP },
  });

/** All of a run's jobs, before it begins: after that only workers send scripts. */
export async function fill(connection: string, queue: Queue<number, number>, jobs: number): Promise<void> {
  await using producer = createProducer({ connection });
  const payloads = Array.from({ length: jobs }, (_, index) => index);
  for await (const { accepted } of producer.enqueueMany(queue, payloads)) {
    if (!accepted) throw new Error("a job was refused: what is measured must be stored");
  }
}
