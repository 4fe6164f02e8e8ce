import { beforeEach, describe, expect, it } from "vitest";
import { defineLimiter } from "../../src/define/limiter.ts";
import { defineQueue } from "../../src/define/queue.ts";
import { useRedis } from "../support/redis.ts";
import { Driver, type Taken } from "./drive.ts";

const space = useRedis();
let driver: Driver;

beforeEach(async () => {
  const limits = [{ unit: "requests", amount: 100, per: "1s" }] as const;
  const limiter = defineLimiter("api", { namespace: space.namespace, limits });
  driver = await Driver.open(space, defineQueue("q", { limiter }));
  for (let index = 0; index < 40; index++) await driver.add(`j${index}`);
});

const rate = async (): Promise<number> => (await driver.limiter()).rate ?? Number.POSITIVE_INFINITY;

/** This many calls in flight, granted at the limiter's pace. */
async function inFlight(count: number): Promise<Taken[]> {
  const jobs: Taken[] = [];
  while (jobs.length < count) {
    const { job } = await driver.fetch();
    if (job) jobs.push(job);
    driver.wire.now += 11;
  }
  return jobs;
}

/** Each of them is throttled; the fleet's rate after each. */
async function throttle(jobs: readonly Taken[]): Promise<number[]> {
  const rates: number[] = [];
  for (const job of jobs) {
    driver.wire.now += 3;
    await driver.defer(job);
    rates.push(await rate());
  }
  return rates;
}

describe("one congestion event (I7)", () => {
  it("makes one decrease, however many 429s it brings", async () => {
    const jobs = await inFlight(8);
    const before = await rate();
    const rates = await throttle(jobs);
    expect(rates[0]).toBeLessThan(before);
    expect(new Set(rates).size, rates.join(" ")).toBe(1);
  });

  it("is followed by another one only when a call granted after it is throttled", async () => {
    const [first] = await throttle(await inFlight(3));
    driver.wire.now += 5_000;
    const rates = await throttle(await inFlight(3));
    expect(rates.at(-1)).toBeLessThanOrEqual(first ?? 0);
    expect((await driver.limiter()).totals.throttled).toBe(6);
  });

  it("stays one when an operator changes the limits under it", async () => {
    const jobs = await inFlight(8);
    await driver.control(
      "setLimits",
      JSON.stringify({ limits: [{ unit: "requests", amount: 80, perMs: 1_000, burst: 2 }] }),
    );
    const before = await rate();
    const rates = await throttle(jobs);
    expect(before).toBeGreaterThan(70);
    expect(Math.min(...rates), "calls granted under the old limits say nothing terrible of the new").toBeGreaterThan(
      40,
    );
    expect(new Set(rates).size, rates.map((one) => one.toFixed(1)).join(" ")).toBe(1);
  });
});

describe("what a call says is heard once", () => {
  it("whatever its outcome, a permit ends as exactly one of ok, throttled, failed, released", async () => {
    const [a, b, c, d] = (await inFlight(4)) as [Taken, Taken, Taken, Taken];
    await driver.complete(a, { outcome: "ok", retryAfterMs: 0, spent: null });
    await driver.complete(b, { outcome: "failed", retryAfterMs: 0, spent: null });
    await driver.complete(c, { outcome: "released", retryAfterMs: 0, spent: null });
    await driver.defer(d);
    const { totals, inFlight: left } = await driver.limiter();
    expect(totals).toEqual({ granted: 4, ok: 1, failed: 1, released: 1, throttled: 1, refused: 0, expired: 0 });
    expect(left).toBe(0);
  });

  it("a run that only failed slows nobody down", async () => {
    const jobs = await inFlight(5);
    const before = await rate();
    for (const job of jobs) await driver.complete(job, { outcome: "failed", retryAfterMs: 0, spent: null });
    expect(await rate()).toBeGreaterThanOrEqual(before);
    expect((await driver.limiter()).gateUntil).toBe(0);
  });
});

describe("levels follow the API", () => {
  it("a throttled share above 0.2 closes the queue; with nothing active it counts as 0", async () => {
    const jobs = await inFlight(12);
    const still = await inFlight(1);
    for (const job of jobs.slice(0, 6)) await driver.complete(job);
    for (const job of jobs.slice(6)) await driver.defer(job);
    expect(await driver.level()).toMatchObject({ level: "closed", reason: "throttled" });
    expect(await driver.add("refused")).toMatchObject({ accepted: false, reason: "closed" });

    driver.wire.now += 3_000;
    await driver.complete(still[0] as Taken);
    expect(await driver.add("let in")).toMatchObject({ accepted: true });
  });

  it("a gate shut for longer than maxWait closes the queue until it opens", async () => {
    const [job] = await inFlight(1);
    await driver.defer(job as Taken, 31_000);
    expect(await driver.level()).toMatchObject({ level: "closed", reason: "gate" });
    expect(await driver.add("refused")).toMatchObject({ accepted: false });
    driver.wire.now += 31_001;
    expect(await driver.add("let in")).toMatchObject({ accepted: true });
  });

  it("one job at a time, all of them throttled: the level changes at most once a second", async () => {
    let changes = 0;
    let last = "open";
    let closed = 0;
    for (let turn = 0; turn < 60; turn++) {
      const { job } = await driver.fetch();
      if (job) await driver.defer(job);
      for (let ms = 0; ms < 100; ms += 20) {
        driver.wire.now += 20;
        // Whoever would enqueue has the level looked at.
        await driver.add(`knock ${turn} ${ms}`);
        const { level } = await driver.level();
        if (level !== last) changes++;
        if (level === "closed") closed++;
        last = level;
      }
    }
    expect(closed).toBeGreaterThan(0);
    console.log(`throttled, one at a time: ${changes} changes in 6 s`);
    // 6 s: closed, a second later open, and so on.
    expect(changes, "14 without that second").toBeLessThanOrEqual(9);
  });

  it("a gate that opens sooner than maxWait closes nothing", async () => {
    const [job] = await inFlight(1);
    await driver.defer(job as Taken, 29_000);
    expect(await driver.level()).toMatchObject({ level: "open" });
  });

  it("no closed level goes unreviewed for longer than 10 s, and a refusal says when it opens", async () => {
    const [job] = await inFlight(1);
    await driver.defer(job as Taken, 300_000);
    for (let passed = 0; passed < 260; passed += 7) {
      const { level, reviewAt, retryAfter } = await driver.level();
      expect(level).toBe("closed");
      expect(reviewAt - driver.wire.now).toBeGreaterThan(0);
      expect(reviewAt - driver.wire.now).toBeLessThanOrEqual(10_000);
      expect(retryAfter, "maxWait before the gate opens").toBe(270_000 - passed * 1_000);
      driver.wire.now += 7_000;
    }
  });
});
