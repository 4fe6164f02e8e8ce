import { describe, expect, it } from "vitest";
import { defineLimiter } from "../../src/define/limiter.ts";
import { defineQueue } from "../../src/define/queue.ts";
import { useRedis } from "../support/redis.ts";
import { Driver } from "./drive.ts";

const space = useRedis();
const HOUR_MS = 3_600_000;

/** Asks as a timekeeper does; how many jobs it was given in that time. */
async function jobsIn(driver: Driver, ms: number): Promise<number> {
  let jobs = 0;
  for (const till = driver.wire.now + ms; driver.wire.now < till; ) {
    const { job, waitMs, until } = await driver.fetch();
    if (job) {
      jobs++;
      await driver.complete(job);
    } else driver.wire.now += waitMs > 0 ? waitMs : Math.max(5, Math.min(1_000, until - Date.now()));
  }
  return jobs;
}

describe("Redis' clock jumps", () => {
  it.each([
    ["back", -HOUR_MS],
    ["ahead", HOUR_MS],
  ])("an hour %s: the limiter goes on within a second, at its rate", async (_, jump) => {
    const limiter = defineLimiter("api", {
      namespace: space.namespace,
      adaptive: false,
      limits: [{ unit: "requests", amount: 20, per: "1s" }],
    });
    const driver = await Driver.open(space, defineQueue("q", { limiter, capacity: 1_000 }));
    for (let job = 0; job < 200; job++) await driver.add(`${job}`);
    expect(await jobsIn(driver, 2_000)).toBeGreaterThan(30);
    driver.wire.now += jump;
    await jobsIn(driver, 1_000);
    const jobs = await jobsIn(driver, 2_000);
    expect(jobs).toBeGreaterThan(30);
    expect(jobs).toBeLessThan(50);
  });
});
