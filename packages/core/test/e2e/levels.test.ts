import { once } from "node:events";
import { setTimeout } from "node:timers/promises";
import type { Queue } from "headgate";
import { createControl } from "headgate/control";
import { createProducer, type LevelChange } from "headgate/producer";
import { createWorker, throttled } from "headgate/worker";
import { describe, expect, it, vi } from "vitest";
import { OutageProxy } from "../support/outage-proxy.ts";
import { define } from "../support/programs/protocol.ts";
import { runTask, type Task } from "../support/programs/task.ts";
import { useRedis } from "../support/redis.ts";
import { watchCommands } from "../support/watch.ts";

const space = useRedis();

const queueOf = (capacity: number): Queue<Task, Task> =>
  define({ namespace: space.namespace, limiter: "api", queue: "q", queueOptions: { capacity } }).queue;

describe("levels reach who waits", () => {
  it("a producer that lost its subscription hears of what it missed", async () => {
    const queue = queueOf(100);
    const proxy = space.use(await OutageProxy.start(space.url));
    const producer = space.use(createProducer({ connection: proxy.url }));
    const control = space.use(createControl({ connection: space.url }));
    await producer.enqueue(queue, {});
    await control.pause(queue, { reason: "look" });
    const levels: string[] = [];
    const waiting = producer.enqueue(queue, {});
    await setTimeout(100);
    producer.on("level", ({ level }) => levels.push(level));
    await proxy.cut();
    // What is published now nobody hears.
    await control.resume(queue);
    await setTimeout(200);
    const back = performance.now();
    await proxy.restore();
    expect(await waiting).toMatchObject({ accepted: true });
    const ms = performance.now() - back;
    console.log(`admitted ${ms.toFixed(0)} ms after the connection could be had again`);
    expect(ms, "not only at the review").toBeLessThan(2_500);
    await vi.waitFor(() => expect(levels).toEqual(["open"]), { timeout: 3_000 });
    // And it hears what comes.
    await control.pause(queue, { reason: "again" });
    await vi.waitFor(() => expect(levels).toEqual(["open", "closed"]));
  });

  it("closed by the throttled share, drained, all traffic stopped: admitted by reviewAt + 1 s, with one question a review", {
    timeout: 30_000,
  }, async () => {
    const queue = queueOf(1_000);
    const producer = space.use(createProducer({ connection: space.url }));
    for (let index = 0; index < 20; index++) await producer.enqueue(queue, {});
    const closed = once(producer, "level") as Promise<[LevelChange]>;
    const worker = createWorker(queue, () => Promise.reject(throttled()), { connection: space.url, concurrency: 20 });
    const [change] = await closed;
    expect(change).toMatchObject({ level: "closed", reason: "throttled" });
    const reviewAt = change.reviewAt ?? 0;
    expect(reviewAt - change.since).toBe(10_000);
    const waiting = producer.enqueue(queue, {}).then(async (result) => ({ result, at: await redisNow() }));
    await worker.close();
    await emptied(queue);
    const watch = space.use(await watchCommands(space.url, `{${space.namespace}:`));
    const { result, at } = await waiting;
    const asked = watch.count();
    console.log(
      `admitted ${(at - reviewAt).toFixed(0)} ms after reviewAt, with ${asked} commands since traffic stopped`,
    );
    expect(result).toMatchObject({ accepted: true });
    expect(at).toBeLessThanOrEqual(reviewAt + 1_000);
    expect(asked, "the review, and the look of a producer that has enqueued").toBeLessThanOrEqual(3);
  });

  it("slow: admitted at the rate that the API accepts, one after the other, by all producers together", async () => {
    const { queue } = define({
      namespace: space.namespace,
      limiter: "api",
      limiterOptions: { adaptive: false, limits: [{ unit: "requests", amount: 100, per: "1s" }] },
      queue: "q",
      queueOptions: { capacity: 100 },
    });
    const producers = [1, 2, 3].map(() => space.use(createProducer({ connection: space.url })));
    const worker = space.use(createWorker(queue, runTask, { connection: space.url, concurrency: 50 }));
    let done = 0;
    worker.on("completed", () => void done++);
    const [first] = producers;
    while ((await first?.status(queue))?.level !== "slow") {
      await Promise.all(producers.map((producer) => producer.enqueue(queue, {}, { onPressure: "refuse" })));
    }
    await setTimeout(1_000);
    let admitted = 0;
    let most = 0;
    done = 0;
    const end = performance.now() + 4_000;
    await Promise.all(
      producers.map(async (producer) => {
        while (performance.now() < end) {
          const result = await producer.enqueue(queue, {}, { timeout: "1s" });
          if (result.accepted) admitted++;
          most = Math.max(most, result.depth);
        }
      }),
    );
    console.log(`slow: ${admitted} admitted while ${done} were done in 4 s at 100/s, depth at most ${most}`);
    expect(done).toBeGreaterThan(100);
    expect(admitted / done).toBeGreaterThan(0.75);
    expect(admitted / done).toBeLessThan(1.25);
    expect(most).toBeLessThanOrEqual(100);
  });
});

async function redisNow(): Promise<number> {
  const [seconds, micros] = await space.client.time();
  return Number(seconds) * 1_000 + Number(micros) / 1_000;
}

/** As if the rest had been done elsewhere, by somebody who tells nobody. */
async function emptied({ bullmq }: Queue<Task, Task>): Promise<void> {
  const base = `${bullmq.prefix}:${bullmq.name}:`;
  await space.client.del(`${base}wait`, `${base}active`, `${base}delayed`, `${base}paused`, `${base}prioritized`);
}
