import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { createControl } from "../../src/control/control.ts";
import { defineLimiter } from "../../src/define/limiter.ts";
import { defineQueue, type Queue } from "../../src/define/queue.ts";
import { createProducer } from "../../src/producer/producer.ts";
import type { WorkerOptions } from "../../src/worker/options.ts";
import { createWorker } from "../../src/worker/worker.ts";
import { useRedis } from "../support/redis.ts";
import { type PrivateServer, startPrivateServer } from "./private-server.ts";

let server: PrivateServer;
beforeAll(async () => {
  server = await startPrivateServer();
});
afterAll(() => server.close());

const space = useRedis(() => server.url);

/** No byte more from here on; 0: as much as there is. */
const memory = (bytes: number) => space.client.config("SET", "maxmemory", String(bytes));
const full = () => memory(1_000_000);

async function withJobs(count: number): Promise<Queue<number, number>> {
  await memory(0);
  const limiter = defineLimiter("api", {
    namespace: space.namespace,
    limits: [{ unit: "requests", amount: 1_000, per: "1s" }],
  });
  const queue = defineQueue<number>("q", { limiter, retention: { completed: { count: 0 } } });
  const producer = space.use(createProducer({ connection: space.url }));
  await Promise.all(Array.from({ length: count }, (_, index) => producer.enqueue(queue, index)));
  return queue;
}

function work(
  queue: Queue<number, number>,
  options: Partial<WorkerOptions> = {},
  run: (signal: AbortSignal) => Promise<void> = async () => undefined,
) {
  const seen = { done: 0, errors: [] as Error[] };
  const worker = space.use(
    createWorker(queue, async (_, ctx) => run(ctx.signal), {
      connection: space.url,
      drainTimeout: 1_000,
      autorun: false,
      ...options,
    }),
  );
  worker.on("completed", () => void seen.done++);
  worker.on("error", (error) => void seen.errors.push(error));
  return { worker, seen };
}

describe("full memory", () => {
  it("refuses admission with a coded error that says nothing was stored", async () => {
    const queue = await withJobs(1);
    const producer = space.use(createProducer({ connection: space.url }));
    await producer.enqueue(queue, 1);
    await full();
    await expect(producer.enqueue(queue, 2, { id: "kept", onPressure: "refuse" })).rejects.toMatchObject({
      code: "HG_REDIS_UNAVAILABLE",
      id: "kept",
      outcome: "not-sent",
    });
    expect((await producer.status(queue)).depth).toBe(2);
    await memory(0);
    expect(await producer.enqueue(queue, 2, { id: "kept" })).toMatchObject({ accepted: true, duplicate: false });
  });

  it("does not stop the workers: they drain what is there", async () => {
    const queue = await withJobs(200);
    const { worker, seen } = work(queue);
    await worker.run();
    await vi.waitFor(() => expect(seen.done).toBeGreaterThan(0));
    await full();
    await vi.waitFor(() => expect(seen.done).toBe(200), { timeout: 5_000 });
    expect(seen.errors.length).toBeLessThan(10);
    expect(await space.client.llen(`${queue.bullmq.prefix}:q:active`)).toBe(0);
  });

  it("lets a worker start", async () => {
    const queue = await withJobs(20);
    await full();
    const { worker, seen } = work(queue);
    await worker.run();
    await vi.waitFor(() => expect(seen.done).toBe(20), { timeout: 3_000 });
  });

  it("lets an operator pause and resume", async () => {
    const queue = await withJobs(1);
    const control = space.use(createControl({ connection: space.url }));
    await full();
    await control.pause(queue.limiter, { reason: "memory" });
    expect((await control.status(queue.limiter)).gate.closed).toBe(true);
    await control.resume(queue.limiter);
    expect((await control.status(queue.limiter)).gate.closed).toBe(false);
  });

  it("keeps the lock of a job that runs for longer than lockDuration", async () => {
    const queue = await withJobs(1);
    let runs = 0;
    const { worker, seen } = work(queue, { lockDuration: 600, stalledInterval: 300 }, async (signal) => {
      runs++;
      await full();
      await new Promise((resolve, reject) => {
        setTimeout(resolve, 2_000);
        signal.addEventListener("abort", () => reject(signal.reason));
      });
    });
    await worker.run();
    await vi.waitFor(() => expect(seen.done).toBe(1), { timeout: 6_000 });
    expect(runs).toBe(1);
  });
});
