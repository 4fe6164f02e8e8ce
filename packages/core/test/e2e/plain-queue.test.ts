import { setTimeout } from "node:timers/promises";
import { Queue as BullQueue, FlowProducer, QueueEvents } from "bullmq";
import type { Queue } from "headgate";
import { defineQueue } from "headgate";
import { createControl } from "headgate/control";
import { createProducer } from "headgate/producer";
import { createWorker, type JobContext, type WorkerOptions } from "headgate/worker";
import { describe, expect, it, vi } from "vitest";
import { z } from "zod";
import { define } from "../support/programs/protocol.ts";
import { runTask, type Task } from "../support/programs/task.ts";
import { useRedis } from "../support/redis.ts";

const space = useRedis();

const defined = (queue = "q", queueOptions = {}) =>
  define({ namespace: space.namespace, limiter: "api", limiterOptions: { adaptive: false }, queue, queueOptions });

const plain = ({ bullmq }: Queue): BullQueue =>
  space.use(new BullQueue(bullmq.name, { prefix: bullmq.prefix, connection: { url: space.url } }));

/** A worker of Headgate's that keeps what it ran, in order. */
function work(queue: Queue<Task, Task>, options: Partial<WorkerOptions> = {}, run: typeof runTask = runTask) {
  const seen: { task: Task; id: string; attempt: number; at: number }[] = [];
  const processor = (task: Task, ctx: JobContext): Promise<unknown> => {
    seen.push({ task, id: ctx.job.id, attempt: ctx.job.attempt, at: Date.now() });
    return run(task, ctx);
  };
  const worker = space.use(createWorker(queue, processor, { connection: space.url, concurrency: 1, ...options }));
  return { worker, seen, order: () => seen.map(({ task }) => task.workMs) };
}

describe("plain BullMQ's Queue on a queue that Headgate's worker runs", () => {
  it("add() is counted in depth, and can take it above capacity; then nothing is admitted", async () => {
    const { queue } = defined("q", { capacity: 3 });
    const producer = space.use(createProducer({ connection: space.url }));
    const bull = plain(queue);
    await producer.enqueue(queue, {});
    await bull.addBulk([1, 2, 3, 4].map((workMs) => ({ name: "plain", data: { workMs } })));
    expect(await producer.status(queue)).toMatchObject({ depth: 5, capacity: 3, overCapacity: 2 });
    expect(await producer.enqueue(queue, {}, { onPressure: "refuse" })).toMatchObject({ accepted: false, depth: 5 });
    work(queue);
    expect(await producer.enqueue(queue, {}, { timeout: "5s" })).toMatchObject({ accepted: true });
    await vi.waitFor(async () => expect((await producer.status(queue)).depth).toBe(0), { timeout: 5_000 });
  });

  it("a payload that does not fit the schema fails with its code, and takes no permit", async () => {
    const { limiter } = defined();
    const queue = defineQueue("strict", { limiter, payload: z.object({ words: z.number() }) });
    const control = space.use(createControl({ connection: space.url }));
    const bull = plain(queue);
    const job = await bull.add("plain", { words: "many" }, { attempts: 3 });
    const runs: unknown[] = [];
    const worker = space.use(createWorker(queue, (payload) => void runs.push(payload), { connection: space.url }));
    await new Promise((resolve) => worker.once("failed", resolve));
    expect(runs).toEqual([]);
    expect(await job.getState()).toBe("failed");
    expect((await bull.getJob(job.id ?? ""))?.failedReason).toMatch(/^HG_PAYLOAD_INVALID/);
    expect((await control.status(limiter)).totals).toMatchObject({ ok: 0, failed: 0, released: 1 });
  });

  it("priorities: none before all, then the lowest number", async () => {
    const { queue } = defined();
    const bull = plain(queue);
    for (const workMs of [3, 1, 2]) await bull.add("plain", { workMs }, { priority: workMs });
    await bull.add("plain", { workMs: 9 });
    const { order } = work(queue);
    await vi.waitFor(() => expect(order()).toEqual([9, 1, 2, 3]));
  });

  it("LIFO", async () => {
    const { queue } = defined();
    const bull = plain(queue);
    for (const workMs of [1, 2]) await bull.add("plain", { workMs });
    for (const workMs of [3, 4]) await bull.add("plain", { workMs }, { lifo: true });
    const { order } = work(queue);
    await vi.waitFor(() => expect(order()).toEqual([4, 3, 1, 2]));
  });

  it("delays: not before the time, and without anybody else's help", async () => {
    const { queue } = defined();
    const { worker, seen } = work(queue, { concurrency: 5 });
    await worker.ready();
    const bull = plain(queue);
    const jobs = await bull.addBulk(
      [400, 100].map((delay) => ({ name: "plain", data: { workMs: delay / 100 }, opts: { delay } })),
    );
    await vi.waitFor(() => expect(seen).toHaveLength(2), { timeout: 5_000, interval: 10 });
    for (const [index, delay] of [100, 400].entries()) {
      const late = (seen[index]?.at ?? 0) - (jobs[0]?.timestamp ?? 0) - delay;
      expect(late).toBeGreaterThanOrEqual(-2);
      expect(late).toBeLessThan(300);
    }
  });

  it("deduplication: simple, and keepLastIfActive", async () => {
    const { queue } = defined();
    const bull = plain(queue);
    const first = await bull.add("plain", { workMs: 1 }, { deduplication: { id: "same" } });
    const again = await bull.add("plain", { workMs: 2 }, { deduplication: { id: "same" } });
    expect(again.id).toBe(first.id);
    const release: (() => void)[] = [];
    const { order, seen } = work(queue, {}, async () => {
      await new Promise<void>((resolve) => release.push(resolve));
      return 0;
    });
    await vi.waitFor(() => expect(seen).toHaveLength(1));
    release.shift()?.();

    const opts = { deduplication: { id: "last", keepLastIfActive: true } };
    await bull.add("plain", { workMs: 10 }, opts);
    await vi.waitFor(() => expect(seen).toHaveLength(2));
    for (const workMs of [11, 12]) await bull.add("plain", { workMs }, opts);
    release.shift()?.();
    // BullMQ makes the successor in the script that ends the one before.
    await vi.waitFor(() => expect(seen).toHaveLength(3));
    release.shift()?.();
    await vi.waitFor(async () => expect(await bull.getCompletedCount()).toBe(3));
    expect(order()).toEqual([1, 10, 12]);
  });

  it("job schedulers go on, through a shut gate and over a full queue", { timeout: 15_000 }, async () => {
    const { limiter, queue } = defined("q", { capacity: 1 });
    const control = space.use(createControl({ connection: space.url }));
    const { worker, seen } = work(queue);
    await worker.ready();
    const bull = plain(queue);
    await bull.upsertJobScheduler("tick", { every: 100 }, { name: "plain", data: { workMs: 1 } });
    await vi.waitFor(() => expect(seen.length).toBeGreaterThanOrEqual(3), { timeout: 5_000 });
    await control.pause(limiter, { for: "400ms" });
    const during = seen.length;
    await vi.waitFor(() => expect(seen.length).toBeGreaterThanOrEqual(during + 4), { timeout: 5_000 });
    expect(await bull.getJobSchedulersCount()).toBe(1);
    expect(
      (await bull.getDelayedCount()) + (await bull.getWaitingCount()) + (await bull.getActiveCount()),
    ).toBeGreaterThan(0);
    await bull.removeJobScheduler("tick");
  });

  it("flows: the parent runs after its children, over two queues of the limiter", async () => {
    const { limiter, queue } = defined();
    const children = defineQueue<Task>("children", { limiter });
    const producer = space.use(createProducer({ connection: space.url }));
    await Promise.all([queue, children].map((one) => producer.status(one)));
    const flows = space.use(new FlowProducer({ prefix: limiter.prefix, connection: { url: space.url } }));
    const { job } = await flows.add({
      name: "parent",
      queueName: "q",
      data: { workMs: 9 },
      children: [1, 2, 3].map((workMs) => ({
        name: "child",
        queueName: "children",
        data: { workMs, ...(workMs === 2 ? { failures: 1 } : {}) },
        opts: { attempts: 2 },
      })),
    });
    expect((await producer.status(queue)).counts["waiting-children"]).toBe(1);
    const below = work(children);
    const above = work(queue);
    await vi.waitFor(async () => expect(await job.getState()).toBe("completed"), { timeout: 5_000 });
    expect(below.order().toSorted()).toEqual([1, 2, 2, 3]);
    expect(above.order()).toEqual([9]);
    expect(Object.values(await job.getChildrenValues()).toSorted()).toEqual([1, 1, 2]);
  });

  it("retries with backoff, and the failed set with its reason", { timeout: 15_000 }, async () => {
    const { queue } = defined();
    const bull = plain(queue);
    const opts = { attempts: 3, backoff: { type: "fixed", delay: 80 } };
    const twice = await bull.add("plain", { failures: 2 }, opts);
    const { seen } = work(queue);
    await vi.waitFor(async () => expect(await twice.getState()).toBe("completed"), { timeout: 5_000 });
    expect(seen.map(({ attempt }) => attempt)).toEqual([1, 2, 3]);
    for (const [index, { at }] of seen.slice(1).entries())
      expect(at - (seen[index]?.at ?? 0)).toBeGreaterThanOrEqual(78);
    const never = await bull.add("plain", { failures: 9 }, { attempts: 2 });
    await vi.waitFor(async () => expect(await never.getState()).toBe("failed"), { timeout: 5_000 });
    const failed = await bull.getJob(never.id ?? "");
    expect(failed).toMatchObject({ attemptsMade: 2, failedReason: "attempt 2 fails as planned" });
    // An operator's retry brings it back.
    await failed?.retry();
    await vi.waitFor(() => expect(seen.at(-1)).toMatchObject({ id: never.id, attempt: 3 }), { timeout: 5_000 });
  });

  it("events: what QueueEvents hears", async () => {
    const { queue } = defined();
    const { bullmq } = queue;
    const producer = space.use(createProducer({ connection: space.url }));
    await producer.status(queue);
    const events = space.use(new QueueEvents(bullmq.name, { prefix: bullmq.prefix, connection: { url: space.url } }));
    await events.waitUntilReady();
    const heard: string[] = [];
    for (const name of ["waiting", "active", "progress", "completed", "failed", "delayed"] as const) {
      events.on(name, ({ jobId }: { jobId: string }) => heard.push(`${jobId} ${name}`));
    }
    let result: unknown;
    events.on("completed", ({ returnvalue }) => {
      result = returnvalue;
    });
    work(queue, {}, async (task, ctx) => {
      await ctx.progress(50);
      return runTask(task, ctx);
    });
    await producer.enqueue(queue, {}, { id: "a" });
    await vi.waitFor(() => expect(heard).toEqual(["~a waiting", "~a active", "~a progress", "~a completed"]), {
      timeout: 5_000,
    });
    expect(result).toBe(1);
    heard.length = 0;
    await producer.enqueue(queue, { deferrals: 1 }, { id: "b" });
    await vi.waitFor(() => expect(heard.at(-1)).toBe("~b completed"), { timeout: 5_000 });
    expect(heard).toEqual(expect.arrayContaining(["~b waiting", "~b active", "~b delayed"]));
    expect(heard, "a deferral is no failure").not.toContain("~b failed");
  });

  it("pause and resume", async () => {
    const { queue } = defined();
    const { worker, seen } = work(queue);
    await worker.ready();
    const bull = plain(queue);
    await bull.pause();
    await bull.add("plain", { workMs: 1 });
    // Time to do the wrong thing.
    await setTimeout(200);
    expect(seen).toEqual([]);
    await bull.resume();
    await vi.waitFor(() => expect(seen).toHaveLength(1), { timeout: 5_000 });
  });
});
