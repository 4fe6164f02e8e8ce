import { defineLimiter, defineQueue } from "headgate";
import { createControl } from "headgate/control";
import { createProducer } from "headgate/producer";
import { createWorker } from "headgate/worker";
import { describe, expect, it, vi } from "vitest";
import { startApi } from "../support/api.ts";
import { Program } from "../support/process.ts";
import { define } from "../support/programs/protocol.ts";
import { runTask, type Task } from "../support/programs/task.ts";
import { useRedis } from "../support/redis.ts";

const space = useRedis();

interface Grant {
  readonly at: number;
  readonly cost: number;
}

/** The most that was granted in any half-open window of that length. */
function mostInWindow(grants: readonly Grant[], windowMs: number): number {
  const sorted = grants.toSorted((a, b) => a.at - b.at);
  return Math.max(
    ...sorted.map(({ at }) =>
      sorted.filter((other) => other.at >= at && other.at < at + windowMs).reduce((sum, { cost }) => sum + cost, 0),
    ),
  );
}

const PER_MS = 1_000;
/** BullMQ's `processedOn` is the host's time when the command was sent; the grant is up to this much later. */
const SLACK_MS = 25;

describe("limits (I3)", () => {
  it("two units: what is granted in any window stays within both amounts", { timeout: 30_000 }, async () => {
    const amounts = { requests: 25, tokens: 2_000 };
    const limiter = defineLimiter("api", {
      namespace: space.namespace,
      adaptive: false,
      limits: Object.entries(amounts).map(([unit, amount]) => ({ unit, amount, per: PER_MS })),
    });
    // The first half is bound by tokens (200 each: 10 a second), the second by requests.
    const tokensOf = (index: number) => (index < 30 ? 200 : 20);
    const queue = defineQueue<number>("q", { limiter, cost: (index) => ({ tokens: tokensOf(index) }) });
    const producer = space.use(createProducer({ connection: space.url }));
    const jobs = 80;
    for (let index = 0; index < jobs; index++) await producer.enqueue(queue, index, { id: `job-${index}` });

    let done = 0;
    const workers = [0, 1].map(() => space.use(createWorker(queue, () => null, { connection: space.url })));
    for (const worker of workers) worker.on("completed", () => void done++);
    await vi.waitFor(() => expect(done).toBe(jobs), { timeout: 20_000, interval: 20 });

    const base = `${queue.bullmq.prefix}:${queue.bullmq.name}:~job-`;
    const times = await Promise.all(
      Array.from({ length: jobs }, (_, index) => space.client.hget(`${base}${index}`, "processedOn")),
    );
    const grants = times.map((at, index) => ({ at: Number(at), requests: 1, tokens: tokensOf(index) }));
    for (const unit of ["requests", "tokens"] as const) {
      const most = mostInWindow(
        grants.map((grant) => ({ at: grant.at, cost: grant[unit] })),
        PER_MS - SLACK_MS,
      );
      console.log(`${unit}: at most ${most} of ${amounts[unit]} in ${PER_MS - SLACK_MS} ms`);
      expect(most).toBeLessThanOrEqual(amounts[unit]);
      expect(most, "and the limit is used").toBeGreaterThan(amounts[unit] * 0.7);
    }
  });

  it("what a job did not spend comes back at once, what it spent beyond is a debt", { timeout: 30_000 }, async () => {
    const limiter = defineLimiter("api", {
      namespace: space.namespace,
      adaptive: false,
      limits: [{ unit: "tokens", amount: 1_000, per: "30d", burst: 1_000 }],
    });
    const queue = defineQueue<number>("q", { limiter, cost: { tokens: 400 } });
    const producer = space.use(createProducer({ connection: space.url }));
    const control = space.use(createControl({ connection: space.url }));
    const remaining = async () => (await control.status(limiter)).limits[0]?.remaining;
    const spends = [10, 30, 700];
    for (const spend of spends) await producer.enqueue(queue, spend);

    const reserved: (number | undefined)[] = [];
    const worker = space.use(
      createWorker(
        queue,
        async (spend, ctx) => {
          reserved.push(await remaining());
          ctx.settle({ tokens: 999 });
          ctx.settle({ tokens: spend });
        },
        { connection: space.url, concurrency: 1 },
      ),
    );
    let done = 0;
    worker.on("completed", () => void done++);
    await vi.waitFor(() => expect(done).toBe(3), { timeout: 10_000 });
    // 1,000 hold only two reservations of 400: the third runs because 390 and 370 came back.
    expect(reserved.map((tokens) => Math.round(tokens ?? Number.NaN))).toEqual([600, 590, 560]);
    expect(await remaining()).toBeCloseTo(1_000 - 10 - 30 - 700, 0);
  });
});

describe("concurrency", () => {
  it("over two queues and three processes the API never sees more calls at once", { timeout: 30_000 }, async () => {
    const api = space.use(await startApi());
    api.answer(() => ({ status: 200, afterMs: 25 }));
    const definition = {
      namespace: space.namespace,
      limiter: "api",
      limiterOptions: { adaptive: false, concurrency: 3 },
    };
    const names = ["one", "two"];
    const queues = names.map((queue) => define({ ...definition, queue }));
    const producer = space.use(createProducer({ connection: space.url }));
    for (let index = 0; index < 40; index++) {
      for (const { queue } of queues) await producer.enqueue(queue, { url: api.url });
    }
    const orders = { url: space.url, worker: { concurrency: 10 } };
    const programs = await Promise.all(
      names.map((queue) => Program.start("worker", { ...orders, definition: { ...definition, queue } })),
    );
    const [first] = queues;
    if (!first) throw new Error("no queue");
    const worker = space.use(createWorker<Task, number>(first.queue, runTask, { connection: space.url }));
    let here = 0;
    worker.on("completed", () => void here++);
    const ended = () => here + programs.reduce((sum, program) => sum + program.all("completed").length, 0);
    await vi.waitFor(() => expect(ended()).toBe(80), { timeout: 20_000, interval: 10 });
    expect(api.calls).toHaveLength(80);
    expect(api.mostParallel).toBe(3);
    const control = space.use(createControl({ connection: space.url }));
    expect((await control.status(first.limiter)).inFlight).toBe(0);
    await Promise.all(programs.map((program) => program.close()));
  });
});
