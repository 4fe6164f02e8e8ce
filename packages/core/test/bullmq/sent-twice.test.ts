import { beforeEach, describe, expect, it } from "vitest";
import { defineLimiter } from "../../src/define/limiter.ts";
import { defineQueue } from "../../src/define/queue.ts";
import { useRedis } from "../support/redis.ts";
import { Driver, taken } from "./drive.ts";

const space = useRedis();
let driver: Driver;

/** ioredis re-sends a command whose reply was lost: from here on every command is sent twice, word for word. */
const sendTwice = () => {
  driver.wire.sends = 2;
};
const twoReplies = () => driver.wire.replies.slice(-2);
const remaining = async () => (await driver.limiter()).limits?.[0]?.remaining;

beforeEach(async () => {
  const limits = [{ unit: "requests", amount: 100, per: "10s", burst: 10 } as const];
  const limiter = defineLimiter("api", { namespace: space.namespace, adaptive: false, limits });
  driver = await Driver.open(space, defineQueue("q", { limiter, capacity: 3 }));
});

describe("sent twice, done once", () => {
  it("moveToActive: the same job again, one charge, nothing stranded", async () => {
    await driver.add("a");
    await driver.add("b");
    sendTwice();
    const job = taken(await driver.fetch());
    expect(job.id).toBe("a");
    const [first, second] = twoReplies() as [unknown[], unknown[]];
    expect(second[1]).toBe(first[1]);
    expect(second[4], "with the same permit").toEqual(first[4]);
    expect(await driver.counts()).toMatchObject({ active: 1, wait: 1 });
    expect((await driver.limiter()).totals.granted).toBe(1);
    expect(await remaining()).toBeCloseTo(9, 6);
    expect(await driver.field("a", "ats")).toBe("1");
  });

  it("moveToFinished with a next job: settled once, the same successor under the same permit", async () => {
    await driver.add("a");
    await driver.add("b");
    await driver.add("c");
    const job = taken(await driver.fetch());
    sendTwice();
    const next = taken(await driver.complete(job, undefined, true));
    expect(next.id).toBe("b");
    const [first, second] = twoReplies() as [unknown[], unknown[]];
    expect(second[1]).toBe(first[1]);
    expect((second[4] as unknown[])[4], "at the same cost").toEqual((first[4] as unknown[])[4]);
    expect(await driver.counts()).toMatchObject({ active: 1, wait: 1, completed: 1 });
    expect((await driver.limiter()).totals).toMatchObject({ granted: 2, ok: 1 });
    expect(await remaining()).toBeCloseTo(8, 6);

    const last = taken(await driver.complete(next, undefined, true));
    expect(last.id, "and the one after it, under the same lock token").toBe("c");
    await driver.complete(last);
    expect(await driver.counts()).toMatchObject({ active: 0, wait: 0, completed: 3 });
    expect((await driver.limiter()).totals).toMatchObject({ granted: 3, ok: 3 });
  });

  it("moveToFinished without a next job: success both times", async () => {
    await driver.add("a");
    const job = taken(await driver.fetch());
    sendTwice();
    await driver.complete(job, undefined, true);
    expect(await driver.counts()).toMatchObject({ active: 0, completed: 1 });
    expect((await driver.limiter()).totals).toMatchObject({ granted: 1, ok: 1 });
  });

  it("moveToFinished of somebody who lost the lock is still refused", async () => {
    await driver.add("a");
    const job = taken(await driver.fetch());
    await space.client.del(`${driver.base}~a:lock`);
    sendTwice();
    await expect(driver.complete(job)).rejects.toThrow(/lock/i);
    expect((await driver.limiter()).totals).toMatchObject({ ok: 0 });
  });

  it("moveToDelayed of a deferral: one deferral, one 429 heard, the same successor", async () => {
    await driver.add("a");
    await driver.add("b");
    const job = taken(await driver.fetch());
    sendTwice();
    const next = taken(await driver.defer(job, 0, true));
    expect(next.id).toBe("b");
    expect(await driver.field("a", "hg:deferrals")).toBe("1");
    expect(await driver.counts()).toMatchObject({ active: 1, delayed: 1 });
    const { totals, throttled } = await driver.limiter();
    expect(totals).toMatchObject({ granted: 2, throttled: 1 });
    expect(throttled, "one 429 in ten seconds").toBe(0.1);
    expect(driver.backend.takeDeferral("~a").deferrals).toBe(1);
  });

  it("moveToDelayed with Retry-After: the gate does not move by the second copy", async () => {
    await driver.add("a");
    const job = taken(await driver.fetch());
    sendTwice();
    await driver.defer(job, 2_000);
    const { gateUntil, totals } = await driver.limiter();
    expect(gateUntil).toBe(driver.wire.now + 2_000);
    expect(totals.throttled).toBe(1);
    expect(await driver.counts()).toMatchObject({ active: 0, delayed: 1 });
  });

  it("retryJob and moveJobFromActiveToWait: back once", async () => {
    await driver.add("a");
    await driver.add("b");
    const [a, b] = [taken(await driver.fetch()), taken(await driver.fetch())];
    sendTwice();
    await driver.backend.retryJob("~a", false, a.token);
    await driver.backend.moveJobFromActiveToWait("~b", b.token);
    expect(await driver.counts()).toMatchObject({ active: 0, wait: 2 });
    expect((await driver.limiter()).totals).toMatchObject({ granted: 2, failed: 2 });
  });

  it.each([
    { kind: "addStandardJob", options: {}, state: { wait: 1 } },
    { kind: "addDelayedJob", options: { delay: 60_000 }, state: { delayed: 1 } },
    { kind: "addPrioritizedJob", options: { priority: 7 }, state: { prioritized: 1 } },
  ])("$kind: stored once, and its repeat is no duplicate", async ({ options, state }) => {
    sendTwice();
    expect(await driver.add("a", options)).toMatchObject({ accepted: true, duplicate: false });
    expect(twoReplies().map((reply) => (reply as unknown[]).slice(0, 2))).toEqual([
      [1, 0],
      [1, 0],
    ]);
    expect(await driver.counts()).toMatchObject(state);
  });

  it("an add that took the last place is not refused the second time", async () => {
    sendTwice();
    for (const id of ["a", "b", "c"]) expect(await driver.add(id)).toMatchObject({ accepted: true, duplicate: false });
    expect(await driver.add("d")).toMatchObject({ accepted: false, depth: 3 });
  });

  it("another enqueue of a job that is in is a duplicate, even when the queue is full", async () => {
    for (const id of ["a", "b", "c"]) await driver.add(id);
    expect(await driver.add("b")).toMatchObject({ accepted: true, duplicate: true, depth: 3 });
    expect(await driver.counts()).toMatchObject({ wait: 3 });
  });
});
