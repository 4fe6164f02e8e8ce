import { afterEach, beforeEach, describe, expect, it, type MockInstance, vi } from "vitest";
import { WorkerBackend } from "../../src/bullmq/worker-backend.ts";
import { createControl } from "../../src/control/control.ts";
import { defineLimiter, type LimiterOptions } from "../../src/define/limiter.ts";
import { defineQueue } from "../../src/define/queue.ts";
import { createProducer } from "../../src/producer/producer.ts";
import { createWorker } from "../../src/worker/worker.ts";
import { useRedis } from "../support/redis.ts";
import { Driver, taken } from "./drive.ts";

const space = useRedis();

/** How soon a sleeping worker runs a job after its wait was ended (ms). */
const FELT_WITHIN_MS = 50;

describe("an answer to a worker", () => {
  it("is timed for 5 to 50 ms, or blocks until 100 ms before the permit", async () => {
    const limits = [{ unit: "tokens", amount: 100_000, per: "100s", burst: 1 } as const];
    const limiter = defineLimiter("api", { namespace: space.namespace, adaptive: false, limits });
    const driver = await Driver.open(space, defineQueue("q", { limiter, cost: () => ({}) }));
    const debts = [2, 3, 6, 20, 49, 51, 100, 149, 151, 160, 500, 4_000, 60_000];
    for (const debt of debts) {
      await driver.add(`debt${debt}`, { cost: { tokens: debt } });
      await driver.add(`after${debt}`, { cost: { tokens: 1 } });
      const asked = taken(await driver.fetch());
      const hostNow = Date.now();
      const { job, waitMs, until } = await driver.fetch();
      expect(job).toBeNull();
      // One token a millisecond: the debt is what there is to wait for.
      if (waitMs > 0) {
        expect(waitMs).toBeGreaterThanOrEqual(5);
        expect(waitMs).toBeLessThanOrEqual(50);
        expect(debt).toBeLessThanOrEqual(151);
      } else {
        expect(debt).toBeGreaterThan(149);
        expect(Math.abs(until - (hostNow + debt - 100)), `${debt}`).toBeLessThan(15);
      }
      await driver.complete(asked);
      driver.wire.now += debt + 1;
      await driver.complete(taken(await driver.fetch()));
      driver.wire.now += 10;
    }
  });

  it("never parks a worker in a timed wait: a wait without a known end is no time at all", async () => {
    const limiter = defineLimiter("api", { namespace: space.namespace, adaptive: false, concurrency: 1 });
    const driver = await Driver.open(space, defineQueue("q", { limiter }));
    await driver.add("a");
    await driver.add("b");
    taken(await driver.fetch());
    expect(await driver.fetch()).toEqual({ job: null, waitMs: 0, until: 0 });
  });
});

/** How many workers are inside a blocking wait. */
const blocked = { pending: 0 };
let fetches: MockInstance<WorkerBackend["moveToActive"]>;

beforeEach(() => {
  fetches = vi.spyOn(WorkerBackend.prototype, "moveToActive");
  const waitForJob = WorkerBackend.prototype.waitForJob;
  vi.spyOn(WorkerBackend.prototype, "waitForJob").mockImplementation(async function (
    this: WorkerBackend,
    timeout: number,
  ) {
    blocked.pending++;
    try {
      return await waitForJob.call(this, timeout);
    } finally {
      blocked.pending--;
    }
  });
});
afterEach(() => {
  vi.restoreAllMocks();
});

describe("a long wait is ended by whoever frees room", () => {
  const open = async (options: LimiterOptions, concurrency = 5) => {
    const queue = defineQueue<number>("q", {
      limiter: defineLimiter("api", { namespace: space.namespace, ...options }),
    });
    const control = space.use(createControl({ connection: space.url }));
    const producer = space.use(createProducer({ connection: space.url }));
    const started: { payload: number; at: number }[] = [];
    const release: (() => void)[] = [];
    const hold = new Set<number>();
    const process = async (payload: number) => {
      started.push({ payload, at: performance.now() });
      if (hold.has(payload)) await new Promise<void>((resolve) => release.push(resolve));
    };
    const start = async () => {
      const worker = space.use(createWorker(queue, process, { connection: space.url, concurrency, drainTimeout: 500 }));
      await worker.ready();
      return worker;
    };
    /** A worker has asked, was told to wait, and blocks on the marker: nothing comes from it any more by itself. */
    const asleep = async () => {
      let before = -1;
      await vi.waitFor(
        async () => {
          expect(await space.client.zcard(`${queue.bullmq.prefix}:q:marker`)).toBe(0);
          const asked = fetches.mock.calls.length;
          const settled = asked === before && blocked.pending > 0;
          before = asked;
          expect(settled).toBe(true);
        },
        { interval: 60 },
      );
    };
    const startOf = async (payload: number) => {
      await vi.waitFor(() => expect(started.map((one) => one.payload)).toContain(payload), {
        interval: 1,
        timeout: 3_000,
      });
      return started.find((one) => one.payload === payload)?.at ?? 0;
    };
    return { queue, control, producer, start, asleep, startOf, hold, release };
  };

  it("a limiter that an operator resumes", async () => {
    const { queue, control, producer, start, asleep, startOf } = await open({});
    await producer.enqueue(queue, 1);
    await control.pause(queue.limiter, { reason: "test" });
    await start();
    await asleep();
    const resumed = performance.now();
    await control.resume(queue.limiter);
    const felt = (await startOf(1)) - resumed;
    console.log(`resume felt after ${felt.toFixed(1)} ms`);
    expect(felt).toBeLessThan(FELT_WITHIN_MS);
  });

  it("limits that an operator raises", async () => {
    const { queue, control, producer, start, asleep, startOf } = await open({
      adaptive: false,
      limits: [{ unit: "requests", amount: 1, per: "1h" }],
    });
    await start();
    await producer.enqueue(queue, 1);
    await startOf(1);
    await producer.enqueue(queue, 2);
    await asleep();
    const raised = performance.now();
    await control.setLimits(queue.limiter, { limits: [{ unit: "requests", amount: 1_000, per: "1s" }] });
    const felt = (await startOf(2)) - raised;
    console.log(`setLimits felt after ${felt.toFixed(1)} ms`);
    expect(felt).toBeLessThan(FELT_WITHIN_MS);
  });

  it("a concurrency that an operator raises", async () => {
    const { queue, control, producer, start, asleep, startOf, hold, release } = await open({ concurrency: 1 });
    hold.add(1);
    await start();
    await producer.enqueue(queue, 1);
    await startOf(1);
    await producer.enqueue(queue, 2);
    await asleep();
    const raised = performance.now();
    await control.setLimits(queue.limiter, { concurrency: 2 });
    const felt = (await startOf(2)) - raised;
    for (const go of release) go();
    console.log(`concurrency felt after ${felt.toFixed(1)} ms`);
    expect(felt).toBeLessThan(FELT_WITHIN_MS);
  });

  it("a slot that another worker frees", async () => {
    const { queue, producer, start, asleep, startOf, hold, release } = await open({ concurrency: 1 }, 1);
    hold.add(1);
    const first = await start();
    await producer.enqueue(queue, 1);
    await startOf(1);
    await start();
    await producer.enqueue(queue, 2);
    await asleep();
    // The worker that frees the slot is closing, so it does not take the next job itself.
    const closing = first.close();
    const freed = performance.now();
    for (const go of release) go();
    const felt = (await startOf(2)) - freed;
    await closing;
    console.log(`freed slot felt after ${felt.toFixed(1)} ms`);
    expect(felt).toBeLessThan(FELT_WITHIN_MS);
  });
});
