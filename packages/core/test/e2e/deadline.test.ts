import { setTimeout } from "node:timers/promises";
import type { Queue } from "headgate";
import { createControl } from "headgate/control";
import { createProducer } from "headgate/producer";
import { createWorker } from "headgate/worker";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { define } from "../support/programs/protocol.ts";
import { runTask, type Task } from "../support/programs/task.ts";
import { useRedis } from "../support/redis.ts";

const space = useRedis();
let queue: Queue<Task, Task>;
let limiter: ReturnType<typeof define>["limiter"];

const AMOUNT = 1_000;

/** Every permit is counted in a bucket that hardly refills. */
beforeEach(() => {
  ({ queue, limiter } = define({
    namespace: space.namespace,
    limiter: "api",
    limiterOptions: { adaptive: false, limits: [{ unit: "requests", amount: AMOUNT, per: "30d", burst: AMOUNT }] },
    queue: "q",
    queueOptions: { capacity: 1_000, attempts: 5, backoff: { type: "fixed", delay: 20 } },
  }));
});

describe("deadline", () => {
  it("has passed before it runs: it is not run, fails with HG_DEADLINE_EXCEEDED, and costs nothing", async () => {
    const producer = space.use(createProducer({ connection: space.url }));
    const control = space.use(createControl({ connection: space.url }));
    await producer.enqueue(queue, {}, { id: "late", deadline: "400ms" });
    await producer.enqueue(queue, {}, { id: "in-time", deadline: "1h" });
    await setTimeout(420);
    const ran: string[] = [];
    const failed: unknown[] = [];
    const worker = space.use(
      createWorker(queue, (_, { job }) => void ran.push(job.id), { connection: space.url, concurrency: 1 }),
    );
    worker.on("failed", ({ id, final, error }) => failed.push({ id, final, message: error.message }));
    await vi.waitFor(() => expect(ran).toEqual(["in-time"]));
    await vi.waitFor(() =>
      expect(failed).toEqual([{ id: "late", final: true, message: expect.stringMatching(/^HG_DEADLINE_EXCEEDED: /) }]),
    );
    await vi.waitFor(async () =>
      expect((await producer.status(queue)).counts).toMatchObject({ completed: 1, failed: 1, wait: 0, delayed: 0 }),
    );
    await expect(producer.result(queue, "late")).rejects.toMatchObject({ code: "HG_JOB_FAILED" });
    const status = await control.status(limiter);
    expect(status.limits[0]?.remaining, "one permit was used").toBeCloseTo(AMOUNT - 1, 0);
    expect(status.totals).toMatchObject({ ok: 1, released: 1, failed: 0 });
  });

  it("passes between two attempts: it is not tried again", async () => {
    const producer = space.use(createProducer({ connection: space.url }));
    await producer.enqueue(queue, { failures: 99 }, { id: "a", deadline: "500ms" });
    const messages: string[] = [];
    const worker = space.use(
      createWorker(queue, (task, ctx) => runTask({ ...task, workMs: 200 }, ctx), { connection: space.url }),
    );
    worker.on("failed", ({ error }) => messages.push(error.message));
    await vi.waitFor(() => expect(messages.at(-1)).toMatch(/^HG_DEADLINE_EXCEEDED: /));
    expect(messages.length).toBeGreaterThan(1);
    expect(messages.length).toBeLessThan(5);
  });

  it.each([
    { what: "a duration", deadline: () => "0ms" as const },
    { what: "a Date", deadline: () => new Date(Date.now() - 1) },
    { what: "epoch milliseconds", deadline: () => Date.now() - 1 },
  ])("has passed already, as $what: refused at once", async ({ deadline }) => {
    const producer = space.use(createProducer({ connection: space.url }));
    for (const onPressure of ["wait", "refuse"] as const) {
      const result = await producer.enqueue(queue, {}, { onPressure, deadline: deadline() });
      expect(result).toMatchObject({ accepted: false, reason: "deadline", depth: 0, level: "open" });
    }
  });

  it("that is no time is refused as an option", async () => {
    const producer = space.use(createProducer({ connection: space.url }));
    for (const deadline of ["soon" as never, new Date("never"), -1, Number.NaN]) {
      await expect(producer.enqueue(queue, {}, { deadline })).rejects.toMatchObject({ code: "HG_OPTION_INVALID" });
    }
  });

  it("before the delay has passed: refused at once", async () => {
    const producer = space.use(createProducer({ connection: space.url }));
    const result = await producer.enqueue(queue, {}, { delay: "2s", deadline: "1s" });
    expect(result).toMatchObject({ accepted: false, reason: "deadline" });
  });

  it("that the measured drain rate does not allow: refused at once, with when it would; a later one is admitted", async () => {
    const producer = space.use(createProducer({ connection: space.url }));
    space.use(createWorker(queue, () => setTimeout(20), { connection: space.url, concurrency: 1 }));
    // About 45/s.
    for (let index = 0; index < 300; index++) await producer.enqueue(queue, {});
    await vi.waitFor(async () => expect((await producer.status(queue)).counts.completed).toBeGreaterThan(80), {
      timeout: 8_000,
      interval: 50,
    });
    const { drainPerSecond, counts } = await producer.status(queue);
    const dueMs = (counts.wait / drainPerSecond) * 1_000;
    const result = await producer.enqueue(queue, {}, { deadline: Math.round(dueMs / 2) });
    expect(result).toMatchObject({ accepted: false, reason: "deadline" });
    const { retryAfterMs } = result as { retryAfterMs: number };
    expect(retryAfterMs).toBeGreaterThan(dueMs / 4);
    expect(retryAfterMs).toBeLessThan(dueMs);
    expect(await producer.enqueue(queue, {}, { deadline: Math.round(dueMs * 2) })).toMatchObject({ accepted: true });
  });

  it("passes while it waits for room: refused then, and nothing is stored", async () => {
    const producer = space.use(createProducer({ connection: space.url }));
    const control = space.use(createControl({ connection: space.url }));
    await producer.enqueue(queue, {});
    await control.pause(queue, { reason: "look" });
    const from = performance.now();
    const result = await producer.enqueue(queue, {}, { deadline: "300ms", timeout: "10s" });
    expect(result).toMatchObject({ accepted: false, reason: "deadline", depth: 1 });
    expect(performance.now() - from).toBeGreaterThan(250);
    expect(performance.now() - from).toBeLessThan(1_000);
    expect((await producer.status(queue)).depth).toBe(1);
  });
});
