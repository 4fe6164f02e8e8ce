import { beforeEach, describe, expect, it } from "vitest";
import { limiterOf } from "../../src/define/limiter.ts";
import { defineQueue } from "../../src/define/queue.ts";
import { useRedis } from "../support/redis.ts";
import { Driver, type Taken, taken } from "./drive.ts";

const space = useRedis();

/** A queue that names no limiter: unpaced and unlimited until the API says no. Its workers take the short way. */
async function open(capacity = 10_000): Promise<Driver> {
  const limiter = limiterOf("q", { namespace: space.namespace }, false);
  const driver = await Driver.open(space, defineQueue("q", { limiter, capacity }));
  // The short way counts by Redis' own seconds.
  const [seconds, micros] = await space.client.time();
  driver.wire.now = Number(seconds) * 1_000 + Number(micros) / 1_000;
  return driver;
}

let nextId = 0;
beforeEach(() => {
  nextId = 0;
});
const add = async (driver: Driver, count: number) => {
  for (let index = 0; index < count; index++)
    expect(await driver.add(`j${nextId++}`)).toMatchObject({ accepted: true });
};

/** One slot works off this many jobs, each finish bringing the next; answers the job that is active after it. */
async function chain(driver: Driver, count: number, first?: Taken): Promise<Taken | null> {
  let job = first ?? taken(await driver.fetch());
  for (let index = 0; index < count; index++) {
    const next = await driver.complete(job, undefined, true);
    if (!next.job) return null;
    job = next.job;
  }
  return job;
}

describe("the short way", () => {
  it("is taken: nothing of the limiter's state is written by a finish", async () => {
    const driver = await open();
    await add(driver, 5);
    const job = taken(await driver.fetch());
    const before = await space.client.hgetBuffer(`${driver.queue.bullmq.prefix}:@limiter`, "hot");
    await chain(driver, 3, job);
    expect(await space.client.hgetBuffer(`${driver.queue.bullmq.prefix}:@limiter`, "hot")).toEqual(before);
    expect(await driver.counts()).toMatchObject({ completed: 3, active: 1, wait: 1 });
  });

  it("counts every grant and every accepted call once", async () => {
    const driver = await open();
    await add(driver, 12);
    expect(await chain(driver, 12)).toBeNull();
    expect((await driver.limiter()).totals).toMatchObject({ granted: 12, ok: 12 });
    await add(driver, 3);
    expect(await chain(driver, 3)).toBeNull();
    expect((await driver.limiter()).totals).toMatchObject({ granted: 15, ok: 15 });
  });

  it("remembers what was accepted for the day on which the API says no: the rate starts just below it", async () => {
    const driver = await open();
    await add(driver, 62);
    const job = await chain(driver, 60);
    await driver.defer(job as Taken);
    const { phase, rate } = await driver.limiter();
    expect(phase).toBe("steady");
    // 60 accepted in the running second and the one before it, or in four: 0.9 of 15 to 60 a second, less the margin.
    expect(rate).toBeGreaterThan(13);
    expect(rate).toBeLessThan(54);
  });

  it("ends with the first throttled call, and one event stays one decrease", async () => {
    const driver = await open();
    await add(driver, 70);
    const jobs = [taken(await driver.fetch()), taken(await driver.fetch()), taken(await driver.fetch())] as Taken[];
    const last = await chain(driver, 30, taken(await driver.fetch()));
    const rates: number[] = [];
    for (const job of [...jobs, last as Taken]) {
      await driver.defer(job);
      rates.push((await driver.limiter()).rate ?? Number.POSITIVE_INFINITY);
    }
    expect(new Set(rates).size, rates.join(" ")).toBe(1);
    expect((await driver.fetch()).job, "paced now").toBeNull();
  });

  it("goes on for longer than it counts by the second", async () => {
    const driver = await open();
    await add(driver, 10);
    const key = `${driver.queue.bullmq.prefix}:@calm`;
    let job = await chain(driver, 2);
    // As if the two had ended twenty seconds ago, and others before them.
    const counted = await space.client.hgetall(key);
    const seconds = Object.keys(counted).filter((field) => Number(field) > 0);
    expect(seconds.length).toBeGreaterThan(0);
    await space.client.hdel(key, ...seconds);
    await space.client.hset(key, { [Math.floor(driver.wire.now / 1_000) - 20]: 2, before: 5, ends: 0, grantless: 0 });
    job = await chain(driver, 3, job as Taken);
    expect(await driver.counts()).toMatchObject({ completed: 5, active: 1, wait: 4 });
    expect(await space.client.hget(key, "before")).toBe("7");
    expect(await chain(driver, 5, job as Taken)).toBeNull();
    expect((await driver.limiter()).totals).toMatchObject({ granted: 15, ok: 15 });
  });

  it("does the same when it is sent twice", async () => {
    const driver = await open();
    await add(driver, 4);
    const job = taken(await driver.fetch());
    driver.wire.sends = 2;
    expect((await chain(driver, 2, job))?.id).toBe("j2");
    expect(await driver.counts()).toMatchObject({ completed: 2, active: 1, wait: 1 });
    driver.wire.sends = 1;
    expect(await chain(driver, 5, taken({ job: { ...job, id: "j2" }, waitMs: 0, until: 0 }))).toBeNull();
    expect(await driver.counts()).toMatchObject({ completed: 4, active: 0 });
  });

  it("knows its drain rate", async () => {
    const driver = await open();
    await add(driver, 50);
    await chain(driver, 50);
    const status = (await driver.level()) as unknown as { drain: number };
    expect(status.drain).toBeGreaterThan(3);
  });

  it("is left at once when an operator shuts the gate", async () => {
    const driver = await open();
    await add(driver, 5);
    const job = await chain(driver, 2);
    await driver.control("pauseLimiter");
    expect((await driver.complete(job as Taken, undefined, true)).job).toBeNull();
    await driver.control("resumeLimiter");
    expect(taken(await driver.fetch()).id).toBe("j3");
  });

  it("is left at once when an operator sets a concurrency", async () => {
    const driver = await open();
    await add(driver, 5);
    const [a, b] = [taken(await driver.fetch()), taken(await driver.fetch())];
    await driver.control("setLimits", JSON.stringify({ concurrency: 1 }));
    expect((await driver.complete(a, undefined, true)).job).toBeNull();
    expect((await driver.complete(b, undefined, true)).job?.id).toBe("j2");
  });

  it("is left at once for a second queue on the limiter", async () => {
    const driver = await open();
    await add(driver, 3);
    const job = await chain(driver, 1);
    const other = await Driver.open(space, defineQueue("other", { limiter: driver.queue.limiter }), {
      wire: driver.wire,
    });
    await driver.complete(job as Taken, undefined, true);
    expect((await other.limiter()).inFlight).toBe(1);
    expect((await other.limiter()).totals).toMatchObject({ granted: 3, ok: 2 });
  });

  it("lets a deferred job return to the head", async () => {
    const driver = await open();
    await add(driver, 6);
    const deferred = taken(await driver.fetch());
    const job = taken(await driver.fetch());
    await driver.defer(deferred);
    driver.wire.now += 5_000;
    const next = await driver.complete(job, undefined, true);
    expect((next.job ?? (await driver.fetch()).job)?.id).toBe(deferred.id);
  });
});

describe("the short way through admission", () => {
  it("never takes depth above capacity", async () => {
    const driver = await open(20);
    const answers = await Promise.all(Array.from({ length: 200 }, (_, index) => driver.add(`p${index}`)));
    expect(answers.filter(({ accepted }) => accepted).length).toBeLessThanOrEqual(20);
    expect((await driver.counts()).wait).toBeLessThanOrEqual(20);
    expect(answers.filter(({ accepted }) => accepted)).toHaveLength((await driver.counts()).wait);
  });

  it("is shut as soon as the level rises, and paced by what the API really accepted", async () => {
    const driver = await open(100);
    await add(driver, 50);
    // 45 calls accepted within these seconds: 15 a second over three.
    const job = await chain(driver, 45);
    expect(job).not.toBeNull();
    await add(driver, 50);
    expect(await driver.level()).toMatchObject({ level: "slow" });
    expect(await driver.add("at once")).toMatchObject({ accepted: true });
    expect(await driver.add("too soon")).toMatchObject({ accepted: false, reason: "paced" });
    driver.wire.now += 150;
    expect(await driver.add("an interval later"), "not a whole second").toMatchObject({ accepted: true });
  });

  it("is shut while an operator holds the queue", async () => {
    const driver = await open();
    await add(driver, 1);
    await driver.control("pauseQueue", "", "q");
    expect(await driver.add("held")).toMatchObject({ accepted: false, reason: "paused" });
    await driver.control("resumeQueue", "", "q");
    expect(await driver.add("let in")).toMatchObject({ accepted: true });
  });

  it("is shut when a start lowers the capacity below what is there", async () => {
    const driver = await open(1_000);
    await add(driver, 30);
    await Driver.open(space, defineQueue("q", { limiter: driver.queue.limiter, capacity: 25 }), { wire: driver.wire });
    expect(await driver.add("refused")).toMatchObject({ accepted: false, depth: 30 });
  });
});
