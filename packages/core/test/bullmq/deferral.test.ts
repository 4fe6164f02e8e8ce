import { describe, expect, it } from "vitest";
import { defineLimiter } from "../../src/define/limiter.ts";
import { defineQueue } from "../../src/define/queue.ts";
import { useRedis } from "../support/redis.ts";
import { type AddOptions, Driver, taken } from "./drive.ts";
import { type Wire, wireOf } from "./wire.ts";

const space = useRedis();

async function driverOf(jobs: Readonly<Record<string, AddOptions>>, wire?: Wire): Promise<Driver> {
  const limiter = defineLimiter("api", { namespace: space.namespace, adaptive: false });
  const driver = await Driver.open(space, defineQueue("q", { limiter }), wire ? { wire } : {});
  for (const [id, options] of Object.entries(jobs)) await driver.add(id, options);
  return driver;
}

/** The order in which everything that waits is fetched now. */
async function order(driver: Driver): Promise<string[]> {
  const ids: string[] = [];
  for (let { job } = await driver.fetch(); job; { job } = await driver.fetch()) ids.push(job.id);
  return ids;
}

describe("a deferral", () => {
  it("returns to the head of its queue, not before its due time", async () => {
    const driver = await driverOf({ a: {}, b: {}, c: {}, d: {} });
    await driver.defer(taken(await driver.fetch()));
    driver.wire.now += 99;
    expect(taken(await driver.fetch()).id).toBe("b");
    driver.wire.now += 1;
    expect(await order(driver)).toEqual(["a", "c", "d"]);
  });

  it("several of them return in the order in which they were taken", async () => {
    const driver = await driverOf({ a: {}, b: {}, c: {}, d: {} });
    const [a, b] = [taken(await driver.fetch()), taken(await driver.fetch())];
    await driver.defer(a);
    driver.wire.now += 5;
    await driver.defer(b);
    driver.wire.now += 100;
    expect(await order(driver)).toEqual(["a", "b", "c", "d"]);
  });

  it("keeps its priority: before its equals, behind what is more urgent", async () => {
    const driver = await driverOf({ a: { priority: 5 }, b: { priority: 5 }, c: { priority: 9 } });
    await driver.defer(taken(await driver.fetch()));
    await driver.add("urgent", { priority: 1 });
    driver.wire.now += 100;
    expect(await order(driver)).toEqual(["urgent", "a", "b", "c"]);
    expect(await driver.field("a", "priority")).toBe("5");
  });

  it("spends no attempt, and counts itself (I4)", async () => {
    const driver = await driverOf({ a: {} });
    for (let times = 1; times <= 4; times++) {
      await driver.defer(taken(await driver.fetch()));
      expect(await driver.field("a", "atm")).toBeNull();
      expect(await driver.field("a", "hg:deferrals")).toBe(String(times));
      driver.wire.now += 30_000;
    }
    expect((await driver.counts()).failed).toBe(0);
  });

  it("comes back later each time, so that one job with a limit of its own is no hot loop", async () => {
    const driver = await driverOf({ a: {} });
    const delays: number[] = [];
    for (let times = 0; times < 10; times++) {
      await driver.defer(taken(await driver.fetch()));
      delays.push(driver.backend.takeDeferral("~a").delayMs);
      driver.wire.now += 30_000;
    }
    expect(delays).toEqual([100, 200, 400, 800, 1_600, 3_200, 6_400, 12_800, 25_600, 30_000]);
  });

  it("waits no less than the gate does", async () => {
    const driver = await driverOf({ a: {}, b: {} });
    const [a, b] = [taken(await driver.fetch()), taken(await driver.fetch())];
    await driver.defer(a, 7_000);
    await driver.defer(b);
    expect(driver.backend.takeDeferral("~b").delayMs).toBe(7_000);
  });

  it("is timed by Redis' clock: a host ten minutes behind or ahead changes nothing (I8)", async () => {
    for (const skew of [-600_000, 600_000]) {
      const wire = await wireOf(space);
      wire.now += skew;
      const driver = await driverOf({ [`a${skew}`]: {} }, wire);
      await driver.defer(taken(await driver.fetch()));
      wire.now += 99;
      expect((await driver.fetch()).job).toBeNull();
      wire.now += 1;
      taken(await driver.fetch());
    }
  });

  it("settles, delays and fetches the next in one script", async () => {
    const driver = await driverOf({ a: {}, b: {} });
    const job = taken(await driver.fetch());
    const before = driver.wire.replies.length;
    expect(taken(await driver.defer(job, 0, true)).id).toBe("b");
    expect(driver.wire.replies.length).toBe(before + 1);
    expect((await driver.limiter()).totals).toMatchObject({ granted: 2, throttled: 1 });
  });
});
