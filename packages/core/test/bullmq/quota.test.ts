import { defineLimiter, defineQueue } from "headgate";
import { beforeEach, describe, expect, it } from "vitest";
import type { Ending } from "../../src/bullmq/ending.ts";
import { useRedis } from "../support/redis.ts";
import { Driver, type Taken, taken } from "./drive.ts";

const space = useRedis();
const HOUR_MS = 3_600_000;
const YEAR_MS = 365 * 24 * HOUR_MS;
let driver: Driver;

beforeEach(async () => {
  const limiter = defineLimiter("api", { namespace: space.namespace });
  driver = await Driver.open(space, defineQueue("q", { limiter }));
  for (let index = 0; index < 20; index++) await driver.add(`job-${index}`);
});

const spentFor = (retryAfterMs: number): Ending => ({
  outcome: "throttled",
  terminal: true,
  retryAfterMs,
  spent: null,
});

async function park({ id, token }: Taken, retryAfterMs = 0): Promise<void> {
  driver.backend.conclude(token, spentFor(retryAfterMs));
  await driver.backend.moveJobFromActiveToWait(`~${id}`, token);
}

/** Fetches until there is a job, as a timekeeper does. */
async function next(): Promise<Taken> {
  for (let turn = 0; turn < 1_000; turn++) {
    const fetched = await driver.fetch();
    if (fetched.job) return fetched.job;
    driver.wire.now += Math.max(fetched.waitMs, 10);
  }
  throw new Error("no job came");
}

describe("a spent quota", () => {
  it("shuts the gate until an operator, and takes the job back to its head", async () => {
    await park(await next());
    const { gateUntil, totals, throttled } = await driver.limiter();
    expect(gateUntil - driver.wire.now).toBeCloseTo(YEAR_MS, -4);
    expect(totals).toMatchObject({ throttled: 1, failed: 0, released: 0 });
    expect(throttled, "no congestion").toBe(0);
    expect(await driver.counts()).toMatchObject({ wait: 20, active: 0, delayed: 0 });
    driver.wire.now += 30 * 24 * HOUR_MS;
    expect((await driver.fetch()).job).toBeNull();

    await driver.control("resumeLimiter");
    const probe = taken(await driver.fetch());
    expect(probe.id, "the one that was parked").toBe("job-0");
    expect(probe.fields.get("hg:deferrals")).toBeUndefined();
    expect(probe.fields.get("atm") ?? "0", "attempts").toBe("0");
    expect((await driver.fetch()).job, "one probe goes first").toBeNull();
    await driver.complete(probe);
    expect((await driver.limiter()).half).toBe(false);
    await next();
  });

  it("shuts it until the time that the API names", async () => {
    await park(await next(), 10 * HOUR_MS);
    driver.wire.now += 10 * HOUR_MS - 200;
    expect((await driver.fetch()).job).toBeNull();
    driver.wire.now += 300;
    expect((await next()).id).toBe("job-0");
  });

  it("shuts it again when the probe still finds nothing", async () => {
    await park(await next(), HOUR_MS);
    driver.wire.now += HOUR_MS;
    await park(await next(), HOUR_MS);
    driver.wire.now += HOUR_MS / 2;
    expect((await driver.fetch()).job).toBeNull();
  });

  it.each([
    ["resumed", true],
    ["over", false],
  ])("teaches the law nothing: %s, it goes on as before", async (_, resumed) => {
    await driver.complete(await next());
    const running = await next();
    const { rate: before } = await driver.limiter();
    await park(running, 5 * HOUR_MS);
    if (resumed) await driver.control("resumeLimiter");
    else driver.wire.now += 5 * HOUR_MS;
    await driver.complete(await next());
    const state = await space.client.hgetBuffer(`${driver.queue.limiter.prefix}:@limiter`, "state");
    expect(state?.length).toBeGreaterThan(0);
    expect((await driver.limiter()).rate).toBeGreaterThanOrEqual(before ?? 0);
    expect((await driver.limiter()).rate).toBeLessThan(3 * (before ?? 0));
  });

  it("is heard though its job was lost, and once though it was sent twice", async () => {
    driver.wire.sends = 2;
    const job = await next();
    await space.client.del(`${driver.base}~${job.id}:lock`);
    await park(job).catch(() => undefined);
    expect((await driver.limiter()).gateUntil).toBeGreaterThan(driver.wire.now + 1_000);
    await driver.control("resumeLimiter");
    await park(await next(), HOUR_MS);
    expect(await driver.counts()).toMatchObject({ wait: 19 });
  });

  it.each([
    ["a spent quota", () => next().then(park)],
    ["an operator", () => driver.control("pauseLimiter")],
  ])("that %s shuts keeps no call that was on the way from coming back when it opens", async (_, shut) => {
    const onTheWay = await next();
    await shut();
    await driver.defer(onTheWay);
    driver.wire.now += 60_000;
    await driver.control("resumeLimiter");
    driver.wire.now += 1_000;
    const back = await next();
    await driver.complete(back);
    const ids = [back.id, (await next()).id];
    expect(ids).toContain(onTheWay.id);
  });

  it("lets the age of its job's deferrals begin anew", async () => {
    const job = await next();
    await driver.defer(job);
    driver.wire.now += 1_000;
    const again = await next();
    expect(again.id).toBe(job.id);
    expect(await driver.field(again.id, "hg:deferredAt")).not.toBeNull();
    await park(again);
    expect(await driver.field(again.id, "hg:deferredAt")).toBeNull();
    expect(await driver.field(again.id, "hg:deferrals")).toBe("1");
  });
});
