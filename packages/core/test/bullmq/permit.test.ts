import { describe, expect, it } from "vitest";
import { defineLimiter, type LimiterOptions } from "../../src/define/limiter.ts";
import { defineQueue, type QueueOptions } from "../../src/define/queue.ts";
import { useRedis } from "../support/redis.ts";
import { Driver, taken } from "./drive.ts";
import { wireOf } from "./wire.ts";

const space = useRedis();

const limiterOf = (options: LimiterOptions) =>
  defineLimiter("api", { namespace: space.namespace, adaptive: false, ...options });
const queueOf = (options: LimiterOptions, queue: QueueOptions<unknown, unknown> = {}) =>
  defineQueue("q", { limiter: limiterOf(options), ...queue });

/** 100 tokens at once, then one every 11.1 ms. */
const tokens: LimiterOptions = { limits: [{ unit: "tokens", amount: 1_000, per: "10s", burst: 100 }] };
const byPayload = { cost: () => ({}) };

describe("the cost is known before the move", () => {
  it("takes nothing and charges nothing when the head job does not fit", async () => {
    const driver = await Driver.open(space, queueOf(tokens, byPayload));
    await driver.add("first", { cost: { tokens: 90 } });
    await driver.add("second", { cost: { tokens: 50 } });
    await driver.add("third", { cost: { tokens: 1 } });
    expect(taken(await driver.fetch()).id).toBe("first");

    expect((await driver.fetch()).job).toBeNull();

    expect(await driver.counts()).toMatchObject({ wait: 2, active: 1 });
    const { limits, totals } = await driver.limiter();
    expect(limits?.[0]?.remaining).toBeCloseTo(10, 6);
    expect(totals.granted).toBe(1);
    expect(await driver.field("second", "processedOn")).toBeNull();
    driver.wire.now += 40 / 0.0901;
    expect(taken(await driver.fetch()).id).toBe("second");
    expect((await driver.limiter()).limits?.[0]?.remaining).toBeCloseTo(0, 0);
  });

  it.each([
    { name: "costs that differ", queue: byPayload },
    { name: "one cost for all", queue: { cost: { tokens: 90 } } },
  ])("still promotes delayed jobs while there is no permit ($name)", async ({ queue }) => {
    const driver = await Driver.open(space, queueOf(tokens, queue));
    await driver.add("first", { cost: { tokens: 90 } });
    await driver.add("later", { cost: { tokens: 90 }, delay: 50 });
    taken(await driver.fetch());
    driver.wire.now += 60;

    expect((await driver.fetch()).job).toBeNull();

    expect(await driver.counts()).toMatchObject({ delayed: 0, wait: 1, active: 1 });
  });

  it("knows the cost of a prioritized head, and of a job that was only just promoted", async () => {
    const driver = await Driver.open(space, queueOf(tokens, byPayload));
    await driver.add("later", { cost: { tokens: 100 }, delay: 50 });
    await driver.add("prioritized", { cost: { tokens: 5 }, priority: 3 });
    taken(await driver.fetch());
    driver.wire.now += 50;
    expect((await driver.fetch()).job, "100 tokens do not fit yet").toBeNull();
    driver.wire.now += 100;
    expect(taken(await driver.fetch()).id).toBe("later");
    // What came while it waited is not lost, up to a tenth of a second of it.
    expect((await driver.limiter()).limits?.[0]?.remaining).toBeLessThanOrEqual(10);
  });

  it("charges what the job was stored with when a finish fetches it", async () => {
    const driver = await Driver.open(space, queueOf(tokens, byPayload));
    await driver.add("a", { cost: { tokens: 30 } });
    await driver.add("b", { cost: { tokens: 45 } });
    const next = taken(await driver.complete(taken(await driver.fetch()), undefined, true));
    expect(next.id).toBe("b");
    expect((await driver.limiter()).limits?.[0]?.remaining).toBeCloseTo(25, 6);
  });
});

describe("settling", () => {
  it.each([
    { outcome: "ok" as const, spent: { tokens: 10 }, left: 90 },
    { outcome: "ok" as const, spent: { tokens: 80 }, left: 20 },
    { outcome: "ok" as const, spent: null, left: 40 },
    { outcome: "failed" as const, spent: null, left: 40 },
    { outcome: "released" as const, spent: null, left: 100 },
  ])("$outcome with $spent of 60 reserved leaves $left of 100", async ({ outcome, spent, left }) => {
    const driver = await Driver.open(space, queueOf(tokens, byPayload));
    await driver.add("a", { cost: { tokens: 60 } });
    await driver.complete(taken(await driver.fetch()), { outcome, retryAfterMs: 0, spent });
    const { limits, totals } = await driver.limiter();
    expect(limits?.[0]?.remaining).toBeCloseTo(left, 6);
    expect(totals).toMatchObject({ granted: 1, [outcome]: 1 });
  });
});

describe("what is granted in a window (I3)", () => {
  it("stays within the amount when a job gives back late what it did not use", async () => {
    const driver = await Driver.open(
      space,
      queueOf({ limits: [{ unit: "tokens", amount: 1_000, per: "10s" }] }, byPayload),
    );
    await driver.add("early", { cost: { tokens: 900 } });
    for (let index = 0; index < 8; index++) await driver.add(`j${index}`, { cost: { tokens: 300 } });
    const early = taken(await driver.fetch());
    const start = driver.wire.now;
    driver.wire.now += 9_500;
    await driver.complete(early, { outcome: "ok", retryAfterMs: 0, spent: { tokens: 10 } });
    const grants: number[] = [];
    for (; driver.wire.now < start + 30_000; driver.wire.now += 25) {
      const { job } = await driver.fetch();
      if (!job) continue;
      grants.push(driver.wire.now - start);
      await driver.complete(job);
    }
    const fullest = Math.max(
      ...grants.map((from) => 300 * grants.filter((at) => at >= from && at < from + 10_000).length),
    );
    expect(fullest, `granted 300 each at ${grants.join(", ")}`).toBeLessThanOrEqual(1_000);
    expect(grants.length, "and the refund was used").toBeGreaterThanOrEqual(6);
  });

  it("holds through the scripts for jobs far above the burst", async () => {
    const driver = await Driver.open(
      space,
      queueOf({ limits: [{ unit: "tokens", amount: 1_000, per: "1s" }] }, byPayload),
    );
    const costs = [1, 700, 20, 20, 400, 1_000, 5, 990, 300, 300, 300, 300, 1, 1, 600];
    for (const [index, cost] of costs.entries()) await driver.add(`j${index}`, { cost: { tokens: cost } });
    const grants: { at: number; cost: number }[] = [];
    while (grants.length < costs.length) {
      const { job } = await driver.fetch();
      if (job) {
        grants.push({ at: driver.wire.now, cost: costs[Number(job.id.slice(1))] as number });
        await driver.complete(job);
      } else {
        driver.wire.now += 5;
      }
    }
    for (const { at: from } of grants) {
      const within = grants.filter(({ at }) => at >= from && at < from + 1_000);
      expect(within.reduce((sum, { cost }) => sum + cost, 0)).toBeLessThanOrEqual(1_000);
    }
    const took = (grants.at(-1)?.at ?? 0) - (grants[0]?.at ?? 0);
    const total = costs.reduce((sum, cost) => sum + cost, 0);
    expect(took, "and not much slower than the limit allows").toBeLessThan(1.35 * total);
  });
});

describe("in-flight", () => {
  it("is the sum over the limiter's queues, and a finish anywhere makes room everywhere", async () => {
    const limiter = limiterOf({ concurrency: 3 });
    const wire = await wireOf(space);
    const a = await Driver.open(space, defineQueue("a", { limiter }), { wire });
    const b = await Driver.open(space, defineQueue("b", { limiter }), { wire });
    for (const name of ["1", "2", "3", "4"]) {
      await a.add(name);
      await b.add(name);
    }
    taken(await a.fetch());
    taken(await a.fetch());
    const fromB = taken(await b.fetch());
    expect((await a.fetch()).job).toBeNull();
    expect((await b.fetch()).job).toBeNull();
    expect((await a.limiter()).inFlight).toBe(3);
    await space.client.del(`${a.base}marker`, `${b.base}marker`);

    await b.complete(fromB);

    expect((await a.limiter()).inFlight).toBe(2);
    expect(await space.client.zcard(`${a.base}marker`), "a sleeping worker of the other queue is woken").toBe(1);
    taken(await a.fetch());
    expect((await b.fetch()).job).toBeNull();
  });

  it("is counted, not kept: with no job active it is 0, whatever became of the permits (I5)", async () => {
    const driver = await Driver.open(space, queueOf({ concurrency: 2 }));
    await driver.add("a");
    await driver.add("b");
    await driver.add("c");
    const [a, b] = [taken(await driver.fetch()), taken(await driver.fetch())];
    // What stalled recovery does to jobs of a worker that died.
    await space.client.multi().del(`${driver.base}active`).rpush(`${driver.base}wait`, "~a", "~b").exec();
    expect((await driver.limiter()).inFlight).toBe(0);
    expect([taken(await driver.fetch()).id, taken(await driver.fetch()).id].sort()).toEqual([a.id, b.id].sort());
    expect((await driver.fetch()).job).toBeNull();
  });
});
