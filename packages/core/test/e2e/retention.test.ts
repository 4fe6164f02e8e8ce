import { defineLimiter, defineQueue } from "headgate";
import { createControl } from "headgate/control";
import { createProducer } from "headgate/producer";
import { createWorker } from "headgate/worker";
import { describe, expect, it, vi } from "vitest";
import { useRedis } from "../support/redis.ts";

const space = useRedis();
/** BullMQ trims its streams by whole nodes of 100 entries. */
const STREAM_MOST = 10_200;

describe("what has ended", () => {
  it("is kept for a day and 10,000 jobs by default, failed ones too", () => {
    const { retention } = defineQueue("q");
    expect(retention).toEqual({
      completed: { ageMs: 86_400_000, count: 10_000 },
      failed: { ageMs: 86_400_000, count: 10_000 },
    });
  });

  it("is trimmed to its count, completed and failed, and the event stream is bounded", {
    timeout: 60_000,
  }, async () => {
    const limiter = defineLimiter("api", { namespace: space.namespace, adaptive: false });
    const queue = defineQueue<number>("q", {
      limiter,
      attempts: 1,
      retention: { completed: { count: 20 }, failed: { count: 10 } },
    });
    const producer = space.use(createProducer({ connection: space.url }));
    const control = space.use(createControl({ connection: space.url }));
    const jobs = 4_000;
    let ended = 0;
    const worker = space.use(
      createWorker(
        queue,
        (index) => {
          if (index % 10 === 0) throw new Error("as planned");
        },
        { connection: space.url, concurrency: 20 },
      ),
    );
    for (const event of ["completed", "failed"] as const) worker.on(event, () => void ended++);
    for await (const { accepted } of producer.enqueueMany(
      queue,
      Array.from({ length: jobs }, (_, index) => index),
    )) {
      expect(accepted).toBe(true);
    }
    await vi.waitFor(() => expect(ended).toBe(jobs), { timeout: 30_000 });
    expect((await control.status(queue)).counts).toMatchObject({ completed: 20, failed: 10, active: 0 });
    const left = await space.client.keys(`${queue.bullmq.prefix}:q:~*`);
    expect(left, "their hashes are gone as well").toHaveLength(30);
    const entries = await space.client.xlen(`${queue.bullmq.prefix}:q:events`);
    console.log(`${jobs} jobs: ${entries} entries in the event stream`);
    expect(entries).toBeLessThan(STREAM_MOST);
  });
});
