import { setTimeout } from "node:timers/promises";
import * as fc from "fast-check";
import type { Queue } from "headgate";
import { createControl } from "headgate/control";
import { createProducer, type EnqueueOptions } from "headgate/producer";
import { createWorker } from "headgate/worker";
import { describe, expect, it } from "vitest";
import { baseOf, depthOf } from "../support/depth.ts";
import { define } from "../support/programs/protocol.ts";
import { runTask, type Task } from "../support/programs/task.ts";
import { useRedis } from "../support/redis.ts";

const space = useRedis();
let count = 0;

/** slow at 11, closed at 16, full at 20. */
const shedding = (shed: { slow?: number; closed?: number } = { slow: 10, closed: 1 }): Queue<Task, Task> =>
  define({
    namespace: space.namespace,
    limiter: `api${++count}`,
    limiterOptions: { adaptive: false },
    queue: `q${count}`,
    queueOptions: { capacity: 20, shed },
  }).queue;

const refuse = (priority?: number): EnqueueOptions => ({
  onPressure: "refuse",
  ...(priority === undefined ? {} : { priority }),
});

/** As plain BullMQ and past shedding: with the most urgent priority, which is let in at any level. */
async function fill(queue: Queue<Task, Task>, depth: number): Promise<void> {
  await using producer = createProducer({ connection: space.url });
  while ((await depthOf(space.client, queue)) < depth) {
    expect(await producer.enqueue(queue, {}, refuse(1))).toMatchObject({ accepted: true });
  }
}

describe("priority shedding", () => {
  it("open: everybody is admitted; without a priority a job gets 100", async () => {
    const queue = shedding();
    const producer = space.use(createProducer({ connection: space.url }));
    expect(await producer.enqueue(queue, {}, refuse())).toMatchObject({ accepted: true });
    const [id = ""] = await space.client.zrange(`${baseOf(queue)}prioritized`, "0", "-1");
    expect(await producer.enqueue(queue, {}, refuse(2_097_151))).toMatchObject({ accepted: true });
    expect(await space.client.hget(baseOf(queue) + id, "priority")).toBe("100");
  });

  it.each([
    { level: "slow", depth: 12, pass: [1, 10], shed: [11, 100, undefined] },
    { level: "closed", depth: 16, pass: [1], shed: [2, 10, 11, undefined] },
  ])(
    "$level: $pass pass at once, $shed are shed, whether they would wait or not",
    async ({ level, depth, pass, shed }) => {
      const queue = shedding();
      await fill(queue, depth);
      const producer = space.use(createProducer({ connection: space.url }));
      for (const priority of shed) {
        for (const onPressure of ["refuse", "wait"] as const) {
          const refused = await producer.enqueue(queue, {}, { ...refuse(priority), onPressure });
          expect(refused).toMatchObject({ accepted: false, reason: "shed", level, depth });
          expect((refused as { retryAfterMs: number }).retryAfterMs).toBeGreaterThan(0);
        }
      }
      for (const priority of pass) {
        expect(await producer.enqueue(queue, {}, refuse(priority)), `priority ${priority}`).toMatchObject({
          accepted: true,
        });
      }
    },
  );

  it("never above capacity: then the urgent one is refused as full, or waits for one place", async () => {
    const queue = shedding();
    await fill(queue, 20);
    const producer = space.use(createProducer({ connection: space.url }));
    expect(await producer.enqueue(queue, {}, refuse(1))).toMatchObject({ accepted: false, reason: "full", depth: 20 });
    expect(await producer.enqueue(queue, {}, refuse(50))).toMatchObject({ accepted: false, reason: "shed" });
    const waiting = producer.enqueue(queue, {}, { priority: 1, timeout: "10s" });
    await setTimeout(50);
    space.use(createWorker(queue, runTask, { connection: space.url }));
    expect(await waiting).toMatchObject({ accepted: true });
  });

  it("one that waits in line is shed when the level comes to that", async () => {
    const queue = shedding({ slow: 10 });
    await fill(queue, 16);
    const producer = space.use(createProducer({ connection: space.url }));
    // Closed says nothing about priorities here, so everybody waits.
    const waiting = producer.enqueue(queue, {}, { priority: 50, timeout: "10s" });
    await setTimeout(50);
    space.use(createWorker(queue, () => setTimeout(100), { connection: space.url, concurrency: 1 }));
    expect(await waiting).toMatchObject({ accepted: false, reason: "shed", level: "slow" });
  });

  it("an operator's pause holds the urgent ones too", async () => {
    const queue = shedding();
    const producer = space.use(createProducer({ connection: space.url }));
    const control = space.use(createControl({ connection: space.url }));
    await producer.enqueue(queue, {}, refuse(1));
    await control.pause(queue, { reason: "maintenance" });
    expect(await producer.enqueue(queue, {}, refuse(1))).toMatchObject({ accepted: false, reason: "paused" });
    await control.resume(queue);
    expect(await producer.enqueue(queue, {}, refuse(1))).toMatchObject({ accepted: true });
  });

  it("on any sequence of priorities: shed exactly who the level says, and never above capacity", async () => {
    const producer = space.use(createProducer({ connection: space.url }));
    const step = fc.record({
      priority: fc.oneof(fc.constant(undefined), fc.integer({ min: 1, max: 15 })),
      drains: fc.integer({ min: 0, max: 1 }),
    });
    const seen = { shed: 0, full: 0, accepted: 0 };
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 30, maxLength: 60 }), async (steps) => {
        const queue = shedding();
        for (const { priority, drains } of steps) {
          const depth = await depthOf(space.client, queue);
          const result = await producer.enqueue(queue, {}, refuse(priority));
          const most = result.level === "closed" ? 1 : result.level === "slow" ? 10 : 2_097_151;
          if (result.accepted) {
            seen.accepted++;
            expect(result.depth).toBeLessThanOrEqual(20);
          } else {
            expect(result.reason).toBe((priority ?? 100) > most ? "shed" : "full");
            if (result.reason === "full") expect(depth).toBe(20);
            seen[result.reason as "shed" | "full"]++;
          }
          if (drains === 1 && depth > 0) await space.client.zpopmin(`${baseOf(queue)}prioritized`);
        }
      }),
      { numRuns: 25 },
    );
    expect(seen.shed).toBeGreaterThan(50);
    expect(seen.accepted).toBeGreaterThan(50);
  });
});
