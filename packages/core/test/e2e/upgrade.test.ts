import { defineLimiter, defineQueue, type Queue } from "headgate";
import { createControl } from "headgate/control";
import { createProducer } from "headgate/producer";
import { createWorker } from "headgate/worker";
import { expect, it, vi } from "vitest";
import { useRedis } from "../support/redis.ts";

const space = useRedis();

const queueOf = (): Queue<number, number> =>
  defineQueue<number>("q", {
    limiter: defineLimiter("api", {
      namespace: space.namespace,
      limits: [{ unit: "requests", amount: 100, per: "1s" }],
    }),
  });

/** As if a process of another version had written the limiter's state. */
const writtenBy = async (queue: Queue<number, number>, format: number): Promise<void> => {
  await space.client.hset(`${queue.limiter.prefix}:@limiter`, { format, hot: "something else" });
};

it("an older version's state is taken over when nothing of it is in flight: jobs and the operator's limits stay", async () => {
  const queue = queueOf();
  const control = space.use(createControl({ connection: space.url }));
  const before = space.use(createProducer({ connection: space.url }));
  await before.enqueue(queue, 1, { id: "one" });
  await control.setLimits(queue.limiter, { concurrency: 3 });
  await writtenBy(queue, 0);

  const ran: number[] = [];
  const worker = space.use(createWorker(queue, (payload) => void ran.push(payload), { connection: space.url }));
  await worker.ready();
  await vi.waitFor(() => expect(ran).toEqual([1]));
  expect(await control.status(queue.limiter)).toMatchObject({ concurrency: 3, overridden: true });
});

it("… and not while a job of it runs", async () => {
  const queue = queueOf();
  const producer = space.use(createProducer({ connection: space.url }));
  await producer.enqueue(queue, 1);
  const base = `${queue.bullmq.prefix}:q:`;
  await space.client.lmove(`${base}wait`, `${base}active`, "LEFT", "LEFT");
  await writtenBy(queue, 0);

  const worker = space.use(createWorker(queue, () => null, { connection: space.url, autorun: false }));
  await expect(worker.run()).rejects.toMatchObject({ code: "HG_STATE_FORMAT", got: "format 0" });
});

it("a newer version's state is left alone, by who starts and by who was there before", async () => {
  const queue = queueOf();
  const producer = space.use(createProducer({ connection: space.url }));
  const errors: string[] = [];
  const run = vi.fn();
  const worker = space.use(createWorker(queue, run, { connection: space.url }));
  worker.on("error", ({ message }) => errors.push(message));
  await worker.ready();
  await producer.enqueue(queue, 1, { id: "before" });
  await producer.result(queue, "before");
  await writtenBy(queue, 9);

  const late = space.use(createWorker(queue, run, { connection: space.url, autorun: false }));
  await expect(late.run()).rejects.toMatchObject({ code: "HG_STATE_FORMAT", got: "format 9" });
  await space.client.hdel(`${queue.limiter.prefix}:@limiter`, "fast:q");
  await expect(producer.enqueue(queue, 2)).rejects.toMatchObject({ code: "HG_STATE_FORMAT" });
  await vi.waitFor(() => expect(errors.join("\n")).toContain("HG_STATE_FORMAT"), { timeout: 15_000 });
  expect(run).toHaveBeenCalledTimes(1);
  expect(await space.client.hget(`${queue.limiter.prefix}:@limiter`, "hot")).toBe("something else");

  // The way back that docs/operating.md names, while nobody works.
  await worker.close();
  await space.client.del(`${queue.limiter.prefix}:@limiter`);
  await late.run();
  await producer.enqueue(queue, 3, { id: "after" });
  await producer.result(queue, "after");
});
