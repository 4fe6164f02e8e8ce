import { createControl } from "headgate/control";
import { describe, expect, it, vi } from "vitest";
import { DepthSampler, depthOf } from "../support/depth.ts";
import { Program } from "../support/process.ts";
import { type Definition, define, type Wish } from "../support/programs/protocol.ts";
import { useRedis } from "../support/redis.ts";

const space = useRedis();
const CAPACITY = 100;
const PROCESSES = 5;
const PRODUCERS_EACH = 10;
const JOBS_EACH = 30;

/** Every way in which a job can stand in the queue: at once, deferred, retried, delayed, prioritized, failed for good. */
const wishOf = (index: number): Wish => {
  switch (index % 6) {
    case 1:
      return { task: { deferrals: 1 } };
    case 2:
      return { task: { failures: 1 } };
    case 3:
      return { task: { workMs: 2 }, delay: 30 };
    case 4:
      return { task: { workMs: 2 }, priority: 1 + (index % 5) };
    case 5:
      return index % 30 === 5 ? { task: { failures: 99 } } : { task: {} };
    default:
      return { task: {} };
  }
};

describe("strict bound (I1, I2)", () => {
  it("50 producers in 5 processes never take depth above capacity, and nothing accepted is lost", {
    timeout: 90_000,
  }, async () => {
    const definition: Definition = {
      namespace: space.namespace,
      limiter: "api",
      limiterOptions: { adaptive: false, concurrency: 25 },
      queue: "q",
      // Open until it is full: the bound itself has to hold, not the levels in front of it.
      queueOptions: {
        capacity: CAPACITY,
        watermarks: { high: 1, low: 0.98 },
        throttledHigh: 1,
        throttledLow: 0.99,
        attempts: 3,
        backoff: { type: "fixed", delay: 20 },
      },
    };
    const { limiter, queue } = define(definition);
    const orders = { url: space.url, definition };
    const [producers, workers] = await Promise.all([
      Promise.all(
        Array.from({ length: PROCESSES }, () => Program.start("producer", { ...orders, producers: PRODUCERS_EACH })),
      ),
      Promise.all(Array.from({ length: 2 }, () => Program.start("worker", { ...orders, worker: { concurrency: 20 } }))),
    ]);

    const sampler = new DepthSampler(space.url, queue);
    const jobs = PRODUCERS_EACH * JOBS_EACH;
    for (const [at, producer] of producers.entries()) {
      const wishes = Array.from({ length: jobs }, (_, index) => wishOf(at * jobs + index));
      // Two processes stand in line as users do; three knock again and again.
      producer.tell({ do: "enqueue", wishes, onPressure: at < 2 ? "wait" : "refuse" });
    }
    const enqueued = await Promise.all(producers.map((producer) => producer.next("enqueued", undefined, 60_000)));
    await vi.waitFor(async () => expect(await depthOf(space.client, queue)).toBe(0), { timeout: 20_000, interval: 20 });
    const samples = await sampler.stop();

    const accepted = enqueued.flatMap((report) => report.accepted);
    const refusals = enqueued.flatMap((report) => Object.values(report.refusals)).reduce((sum, some) => sum + some, 0);
    console.log(
      `depth at most ${samples.most} in ${samples.count} samples (${samples.perSecond}/s), ${refusals} refusals`,
    );
    expect(samples.most, "never above capacity").toBeLessThanOrEqual(CAPACITY);
    expect(samples.most, "and the bound was reached").toBeGreaterThan(CAPACITY * 0.9);
    expect(
      enqueued.flatMap((report) => report.thrown),
      "a refusal is a value",
    ).toEqual([]);
    expect(refusals).toBeGreaterThan(100);
    expect(new Set(accepted).size).toBe(PROCESSES * jobs);

    const control = space.use(createControl({ connection: space.url }));
    const hopeless = Array.from({ length: PROCESSES * jobs }, (_, index) => wishOf(index)).filter(
      ({ task }) => task.failures === 99,
    );
    const { counts } = await control.status(queue);
    expect(counts).toMatchObject({ completed: accepted.length - hopeless.length, failed: hopeless.length });
    const base = `${queue.bullmq.prefix}:${queue.bullmq.name}:`;
    for (const id of await space.client.zrange(`${base}failed`, "0", "-1")) {
      expect(await space.client.hget(base + id, "failedReason")).toMatch(/fails as planned/);
    }
    expect((await control.status(limiter)).inFlight).toBe(0);
    await Promise.all([...producers, ...workers].map((program) => program.close()));
  });
});
