import { setTimeout } from "node:timers/promises";
import { Queue as BullQueue, Worker as BullWorker, type Job, type WorkerOptions } from "bullmq";
import type { Queue } from "headgate";
import { createControl } from "headgate/control";
import { createProducer } from "headgate/producer";
import { createWorker } from "headgate/worker";
import { describe, expect, it, vi } from "vitest";
import { define } from "../support/programs/protocol.ts";
import { runTask, type Task } from "../support/programs/task.ts";
import { useRedis } from "../support/redis.ts";

const space = useRedis();

const defined = () =>
  define({ namespace: space.namespace, limiter: "api", limiterOptions: { adaptive: false }, queue: "q" });

const plainQueue = ({ bullmq }: Queue): BullQueue =>
  space.use(new BullQueue(bullmq.name, { prefix: bullmq.prefix, connection: { url: space.url } }));

interface Seen {
  readonly job: Job<Task>;
  readonly at: number;
}

/** BullMQ's own worker, as somebody would start it who knows nothing of Headgate. */
async function plainWorker({ bullmq }: Queue, options: Partial<WorkerOptions> = {}): Promise<Seen[]> {
  const seen: Seen[] = [];
  const worker = new BullWorker<Task>(bullmq.name, async (job) => void seen.push({ job, at: Date.now() }), {
    ...options,
    prefix: bullmq.prefix,
    connection: { url: space.url },
  });
  space.use(worker);
  await worker.waitUntilReady();
  return seen;
}

describe("a plain BullMQ worker on a queue of Headgate's", () => {
  it("processes its jobs, whose data is plain JSON", async () => {
    const { queue } = defined();
    const producer = space.use(createProducer({ connection: space.url }));
    const task: Task = { workMs: 1, url: "ü" };
    await producer.enqueue(queue, task, { id: "a:b" });
    const [job] = await plainQueue(queue).getJobs(["wait"]);
    expect(job?.data).toEqual(task);
    const seen = await plainWorker(queue);
    await vi.waitFor(async () => expect((await producer.status(queue)).counts.completed).toBe(1));
    expect(seen.map(({ job }) => job.data)).toEqual([task]);
    expect(await producer.result(queue, "a:b")).toBe(null);
  });

  it("is held while an operator has shut the gate, and goes on when it is resumed", { timeout: 15_000 }, async () => {
    const { limiter, queue } = defined();
    const producer = space.use(createProducer({ connection: space.url }));
    const control = space.use(createControl({ connection: space.url }));
    await producer.enqueue(queue, {});
    await control.pause(limiter, { reason: "look" });
    const seen = await plainWorker(queue, { maximumRateLimitDelay: 200 });
    // Time to do the wrong thing: without the mirror a plain worker started after 7 ms.
    await setTimeout(300);
    expect(seen).toEqual([]);
    const resumedAt = Date.now();
    await control.resume(limiter);
    await vi.waitFor(() => expect(seen).toHaveLength(1), { timeout: 10_000 });
    expect(seen[0]?.at).toBeGreaterThanOrEqual(resumedAt);
    expect(await plainQueue(queue).getGlobalRateLimit()).toBe(null);
  });

  it("is held by a Retry-After that one of Headgate's workers has heard, until its time has come", {
    timeout: 15_000,
  }, async () => {
    const { limiter, queue } = defined();
    const producer = space.use(createProducer({ connection: space.url }));
    const control = space.use(createControl({ connection: space.url }));
    await producer.enqueue(queue, { deferrals: 1, retryAfterMs: 1_200 });
    const worker = createWorker(queue, runTask, { connection: space.url });
    await new Promise((resolve) => worker.once("deferred", resolve));
    const { gate } = await control.status(limiter);
    expect(gate.closed).toBe(true);
    await worker.close();
    await plainQueue(queue).addBulk([1, 2, 3].map((index) => ({ name: "plain", data: { workMs: index } })));
    const seen = await plainWorker(queue);
    await vi.waitFor(() => expect(seen).toHaveLength(4), { timeout: 10_000 });
    const early = seen.filter(({ at }) => at < (gate.until ?? Number.NaN));
    expect(early).toEqual([]);
  });

  it("beside one of Headgate's: has its own limiter back when the gate is open again", {
    timeout: 15_000,
  }, async () => {
    const { limiter, queue } = defined();
    const producer = space.use(createProducer({ connection: space.url }));
    const control = space.use(createControl({ connection: space.url }));
    for (let index = 0; index < 24; index++) await producer.enqueue(queue, { workMs: 300 });
    await control.pause(limiter, { for: "300ms" });
    const { gate } = await control.status(limiter);
    const worker = space.use(createWorker(queue, runTask, { connection: space.url, concurrency: 2 }));
    await worker.ready();
    const seen = await plainWorker(queue, { limiter: { max: 3, duration: 500 } });
    await vi.waitFor(async () => expect((await producer.status(queue)).depth).toBe(0), { timeout: 10_000 });

    // The first script of Headgate's after the gate's end takes the mirror away: from then on it is 3 in each 500 ms.
    const opened = (gate.until ?? Number.NaN) + 100;
    const starts = seen.map(({ at }) => at).filter((at) => at > opened);
    expect(starts.length).toBeGreaterThanOrEqual(6);
    for (const [index, at] of starts.slice(3).entries()) expect(at - (starts[index] ?? 0)).toBeGreaterThan(350);
  });

  it("a global rate limit that the user had set is what it was when the gate is open again", {
    timeout: 15_000,
  }, async () => {
    const { limiter, queue } = defined();
    const producer = space.use(createProducer({ connection: space.url }));
    const control = space.use(createControl({ connection: space.url }));
    await producer.enqueue(queue, {});
    const bull = plainQueue(queue);
    await bull.setGlobalRateLimit(2, 60_000);
    await control.pause(limiter);
    expect((await control.status(limiter)).gate.closed).toBe(true);
    const seen = await plainWorker(queue, { maximumRateLimitDelay: 100 });
    await setTimeout(200);
    expect(seen).toEqual([]);
    await control.resume(limiter);
    await vi.waitFor(() => expect(seen).toHaveLength(1), { timeout: 10_000 });
    expect(await bull.getGlobalRateLimit()).toEqual({ max: 2, duration: 60_000 });

    // … and while it is shut it may be changed, too.
    await control.pause(limiter);
    await bull.setGlobalRateLimit(5, 1_000);
    await control.resume(limiter);
    expect(await bull.getGlobalRateLimit()).toEqual({ max: 5, duration: 1_000 });
  });
});
