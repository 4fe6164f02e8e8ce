import { describe, expect, it } from "vitest";
import { defineLimiter, type LimiterOptions } from "../../src/define/limiter.ts";
import { defineQueue } from "../../src/define/queue.ts";
import { useRedis } from "../support/redis.ts";
import { Driver, type Fetched } from "./drive.ts";
import { wireOf } from "./wire.ts";

const space = useRedis();

const limiterOf = (options: LimiterOptions) =>
  defineLimiter("api", { namespace: space.namespace, adaptive: false, ...options });

describe("fair within a limiter", () => {
  it("gives costs of 1 and of 4,000 on one limit at least 40 % of the units each", { timeout: 60_000 }, async () => {
    const limiter = limiterOf({ limits: [{ unit: "tokens", amount: 8_000, per: "10s" }] });
    const wire = await wireOf(space);
    const small = await Driver.open(space, defineQueue("small", { limiter, cost: { tokens: 1 }, capacity: 100_000 }), {
      wire,
    });
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

  it("hands slots over where one queue has them all: half each, whoever came first", async () => {
    const limiter = limiterOf({ concurrency: 4 });
    const wire = await wireOf(space);
    const first = await Driver.open(space, defineQueue("first", { limiter }), { wire });
    const late = await Driver.open(space, defineQueue("late", { limiter }), { wire });
    await fill(first, 60);
    const running: { driver: Driver; fetched: Fetched }[] = [];
    for (let slot = 0; slot < 4; slot++) running.push({ driver: first, fetched: await first.fetch() });
    await fill(late, 60);
    expect((await late.fetch()).job).toBeFalsy();
    const granted = { first: 0, late: 0 };
    for (let end = 0; end < 60; end++) {
      wire.now += 10;
      const ended = running.shift();
      if (!ended?.fetched.job) throw new Error("a slot was lost");
      const other = ended.driver === first ? late : first;
      let next = { driver: ended.driver, fetched: await ended.driver.complete(ended.fetched.job, undefined, true) };
      // It is woken.
      if (!next.fetched.job) next = { driver: other, fetched: await other.fetch() };
      if (!next.fetched.job) next = { driver: ended.driver, fetched: await ended.driver.fetch() };
      running.push(next);
      granted[next.driver === first ? "first" : "late"] += 1;
    }
    expect(granted.late, JSON.stringify(granted)).toBeGreaterThanOrEqual(24);
    expect(granted.first, JSON.stringify(granted)).toBeGreaterThanOrEqual(24);
  });

  it.each([false, true])(
    "gives a queue that asks five times as often no more than its half (adaptive: %s)",
    async (adaptive) => {
      const limiter = limiterOf({ adaptive, limits: [{ unit: "requests", amount: 100, per: "1s" }] });
      const wire = await wireOf(space);
      const often = await Driver.open(space, defineQueue("often", { limiter }), { wire });
      const seldom = await Driver.open(space, defineQueue("seldom", { limiter }), { wire });
      await fill(often, 400);
      await fill(seldom, 400);
      const granted = { often: 0, seldom: 0 };
      for (let tick = 0; tick < 4_000; tick++) {
        wire.now += 1;
        const asks =
          tick % 5 === 0
            ? ([
                ["often", often],
                ["seldom", seldom],
              ] as const)
            : ([["often", often]] as const);
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
    },
  );

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
    await Promise.all(
      Array.from({ length: Math.min(batch, count - done) }, (_, index) => driver.add(`${done + index}`)),
    );
  }
}
