import { setTimeout } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { defineLimiter } from "../../src/define/limiter.ts";
import { defineQueue } from "../../src/define/queue.ts";
import { createProducer } from "../../src/producer/producer.ts";
import { createWorker } from "../../src/worker/worker.ts";
import { useRedis } from "../support/redis.ts";
import { watchCommands } from "../support/watch.ts";
import { type PrivateServer, startPrivateServer } from "./private-server.ts";

let server: PrivateServer;
beforeAll(async () => {
  server = await startPrivateServer();
});
afterAll(() => server.close());

const space = useRedis(() => server.url);

/** What it uses is this share of what it may. */
async function useShare(share: number): Promise<void> {
  const info = await space.client.info("memory");
  const used = Number(/^used_memory:(\d+)/m.exec(info)?.[1]);
  await space.client.config("SET", "maxmemory", String(share === 0 ? 0 : Math.round(used / share)));
}

/** Beside it a connection's buffers are nothing: on an empty server they are 5 % of what it uses, and come and go. */
const BALLAST_BYTES = 64 * 1_024 * 1_024;

const inSpace = async (memoryHigh?: number) => {
  await useShare(0);
  await space.client.setrange("ballast", BALLAST_BYTES - 1, "x");
  const limiter = defineLimiter("api", { namespace: space.namespace, adaptive: false });
  return defineQueue("q", {
    limiter,
    retention: { completed: { count: 0 } },
    ...(memoryHigh === undefined ? {} : { memoryHigh }),
  });
};

describe("before memory is full", () => {
  it("admission closes with reason memory at 85 %, workers drain, and it opens again below 80 %", async () => {
    const queue = await inSpace();
    const producer = space.use(createProducer({ connection: space.url }));
    const refuse = () => producer.enqueue(queue, {}, { onPressure: "refuse" });
    const levels: unknown[] = [];
    producer.on("level", ({ level, reason, reviewAt }) => levels.push({ level, reason, review: reviewAt !== null }));
    await Promise.all(Array.from({ length: 50 }, refuse));
    await useShare(0.8);
    await setTimeout(1_100);
    expect(await refuse(), "80 % is fine").toMatchObject({ accepted: true });

    await useShare(0.87);
    await vi.waitFor(
      async () => expect(await refuse()).toMatchObject({ accepted: false, reason: "memory", level: "closed" }),
      {
        timeout: 3_000,
        interval: 50,
      },
    );
    expect(await producer.status(queue)).toMatchObject({
      level: "closed",
      reason: "memory",
      reviewAt: expect.any(Number),
    });
    expect(levels).toEqual([{ level: "closed", reason: "memory", review: true }]);
    const waiting = producer.enqueue(queue, {}, { timeout: "20s" });

    // Between 80 and 85 % it stays closed.
    const { depth } = await producer.status(queue);
    let done = 0;
    const worker = space.use(createWorker(queue, () => setTimeout(20), { connection: space.url, concurrency: 1 }));
    worker.on("completed", () => void done++);
    await useShare(0.83);
    await setTimeout(1_200);
    expect(done).toBeGreaterThan(5);
    expect(levels).toHaveLength(1);

    await useShare(0.5);
    expect(await waiting).toMatchObject({ accepted: true });
    await vi.waitFor(() => expect(levels.at(-1)).toEqual({ level: "open", reason: "", review: false }));
    await vi.waitFor(() => expect(done).toBe(depth + 1), { timeout: 5_000 });
  });

  it("at an option's share; never where maxmemory is 0", async () => {
    const queue = await inSpace(0.5);
    const producer = space.use(createProducer({ connection: space.url }));
    const refuse = () => producer.enqueue(queue, {}, { onPressure: "refuse" });
    expect(await refuse()).toMatchObject({ accepted: true });
    await setTimeout(1_200);
    expect(await refuse()).toMatchObject({ accepted: true });
    await useShare(0.6);
    await vi.waitFor(async () => expect(await refuse()).toMatchObject({ accepted: false, reason: "memory" }), {
      timeout: 3_000,
      interval: 50,
    });
  });

  it("full at once: the first is told by Redis, and the others by the level", async () => {
    const queue = await inSpace();
    const producer = space.use(createProducer({ connection: space.url }));
    const refuse = () => producer.enqueue(queue, {}, { onPressure: "refuse" });
    expect(await refuse()).toMatchObject({ accepted: true });
    await useShare(1.5);
    await expect(refuse()).rejects.toMatchObject({ details: { kind: "oom" }, outcome: "not-sent" });
    await vi.waitFor(async () => expect(await refuse()).toMatchObject({ accepted: false, reason: "memory" }));
    await useShare(0);
    expect(await producer.enqueue(queue, {}, { timeout: "15s" })).toMatchObject({ accepted: true });
  });

  it("costs an open queue one command a second, however many it admits, and an idle producer none", async () => {
    const queue = await inSpace();
    const producer = space.use(createProducer({ connection: space.url }));
    await producer.enqueue(queue, {});
    await setTimeout(1_200);
    const watch = space.use(await watchCommands(space.url, `{${space.namespace}:`));
    await setTimeout(1_200);
    expect(watch.count()).toBe(0);
    for (let index = 0; index < 200; index++) await producer.enqueue(queue, {});
    await setTimeout(1_200);
    expect(watch.count()).toBeGreaterThanOrEqual(201);
    expect(watch.count()).toBeLessThanOrEqual(203);
  });
});
