import { describe, expect, it } from "vitest";
import { defineLimiter, type LimiterOptions } from "../../src/define/limiter.ts";
import { defineQueue, type QueueOptions } from "../../src/define/queue.ts";
import { useRedis } from "../support/redis.ts";
import { Driver, type Fetched, taken, wireOf } from "./drive.ts";

const space = useRedis();

const limiterOf = (options: LimiterOptions) => defineLimiter("api", { namespace: space.namespace, adaptive: false, ...options });
const queueOf = (options: LimiterOptions, queue: QueueOptions<unknown, unknown> = {}) => defineQueue("q", { limiter: limiterOf(options), ...queue });

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
    expect((await driver.limiter()).limits?.[0]?.remaining).toBeCloseTo(0, 6);
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

describe("fair within a limiter", () => {
  it("gives costs of 1 and of 4,000 on one limit at least 40 % of the units each", { timeout: 60_000 }, async () => {
    const limiter = limiterOf({ limits: [{ unit: "tokens", amount: 8_000, per: "10s" }] });
    const wire = await wireOf(space);
    const small = await Driver.open(space, defineQueue("small", { limiter, cost: { tokens: 1 }, capacity: 100_000 }), { wire });
    const large = await Driver.open(space, defineQueue("large", { limiter, cost: { tokens: 4_000 } }), { wire });
    const units = { small: 0, large: 0 };
    const total = 16_000;
    await fill(small, 10_000);
    for (let index = 0; index < 10; index++) await large.add(`l${index}`);

    const ask = async (driver: Driver, what: "small" | "large", cost: number) => {
      let fetched: Fetched = await driver.fetch();
      while (fetched.job) {
        units[what] += cost;
        fetched = await driver.complete(fetched.job, undefined, true);
      }
    };
    for (let tick = 0; units.small + units.large < total && tick < 4_000; tick++) {
      wire.now += 20;
      await (tick % 2 === 0 ? ask(small, "small", 1) : ask(large, "large", 4_000));
      await (tick % 2 === 0 ? ask(large, "large", 4_000) : ask(small, "small", 1));
    }

    const sum = units.small + units.large;
    expect(sum).toBeGreaterThanOrEqual(total);
    expect(units.small / sum, JSON.stringify(units)).toBeGreaterThanOrEqual(0.4);
    expect(units.large / sum, JSON.stringify(units)).toBeGreaterThanOrEqual(0.4);
  });

  it("gives a queue that asks five times as often no more than its half", async () => {
    const limiter = limiterOf({ limits: [{ unit: "requests", amount: 100, per: "1s" }] });
    const wire = await wireOf(space);
    const often = await Driver.open(space, defineQueue("often", { limiter }), { wire });
    const seldom = await Driver.open(space, defineQueue("seldom", { limiter }), { wire });
    await fill(often, 400);
    await fill(seldom, 400);
    const granted = { often: 0, seldom: 0 };
    for (let tick = 0; tick < 4_000; tick++) {
      wire.now += 1;
      const asks = tick % 5 === 0 ? ([["often", often], ["seldom", seldom]] as const) : ([["often", often]] as const);
      for (const [name, driver] of asks) {
        const { job } = await driver.fetch();
        if (!job) continue;
        granted[name]++;
        await driver.complete(job);
      }
    }
    const sum = granted.often + granted.seldom;
    expect(sum, "of 400 in 4 s").toBeGreaterThan(360);
    expect(granted.seldom / sum, JSON.stringify(granted)).toBeGreaterThanOrEqual(0.4);
  });

  it("passes over a queue that has no living worker", async () => {
    const limiter = limiterOf({ limits: [{ unit: "requests", amount: 100, per: "1s" }] });
    const wire = await wireOf(space);
    const alive = await Driver.open(space, defineQueue("alive", { limiter }), { wire });
    const dead = await Driver.open(space, defineQueue("dead", { limiter }), { wire });
    await fill(alive, 400);
    await fill(dead, 10);
    let granted = 0;
    const start = wire.now;
    for (; wire.now < start + 4_000; wire.now += 5) {
      for (let { job } = await alive.fetch(); job; { job } = await alive.complete(job, undefined, true)) granted++;
    }
    expect(granted, "of 400 in 4 s").toBeGreaterThan(360);
  });
});

async function fill(driver: Driver, count: number): Promise<void> {
  const batch = 500;
  for (let done = 0; done < count; done += batch) {
    await Promise.all(Array.from({ length: Math.min(batch, count - done) }, (_, index) => driver.add(`${done + index}`)));
  }
}
