import { beforeEach, describe, expect, it } from "vitest";
import { defineLimiter } from "../../src/define/limiter.ts";
import { defineQueue } from "../../src/define/queue.ts";
import { useRedis } from "../support/redis.ts";
import { Driver, type Taken, taken } from "./drive.ts";

const space = useRedis();
let driver: Driver;

const isProbe = ({ permit }: Taken) => permit.startsWith("1,");

beforeEach(async () => {
  const limiter = defineLimiter("api", { namespace: space.namespace, adaptive: false });
  driver = await Driver.open(space, defineQueue("q", { limiter }));
  for (const id of ["a", "b", "c", "d", "e"]) await driver.add(id);
});

/** One call is throttled with Retry-After; the gate has just opened again. */
async function reopened(retryAfterMs = 3_000): Promise<void> {
  await driver.defer(taken(await driver.fetch()), retryAfterMs);
  driver.wire.now += retryAfterMs;
}

describe("the gate", () => {
  it("lets nobody through until the very time that the API named", async () => {
    await driver.defer(taken(await driver.fetch()), 3_000);
    driver.wire.now += 2_999;
    expect((await driver.fetch()).job).toBeNull();
    driver.wire.now += 1;
    taken(await driver.fetch());
  });

  it("is not moved earlier by a later, shorter Retry-After (I6)", async () => {
    const [a, b] = [taken(await driver.fetch()), taken(await driver.fetch())];
    await driver.defer(a, 5_000);
    const { gateUntil } = await driver.limiter();
    driver.wire.now += 10;
    await driver.defer(b, 1_000);
    expect((await driver.limiter()).gateUntil).toBe(gateUntil);
  });

  it("hears a Retry-After whatever becomes of the job: its worker had lost the lock", async () => {
    const job = taken(await driver.fetch());
    await space.client.del(`${driver.base}~${job.id}:lock`);
    await expect(driver.defer(job, 4_000)).rejects.toThrow();
    expect((await driver.limiter()).gateUntil).toBe(driver.wire.now + 4_000);
    expect((await driver.fetch()).job).toBeNull();
  });
});

describe("half-open", () => {
  it("lets one probe out, and nothing else until it has come back", async () => {
    await reopened();
    expect(isProbe(taken(await driver.fetch()))).toBe(true);
    driver.wire.now += 9_999;
    expect((await driver.fetch()).job).toBeNull();
  });

  it("opens when the probe comes back well", async () => {
    await reopened();
    const probe = taken(await driver.fetch());
    driver.wire.now += 200;
    await driver.complete(probe);
    expect((await driver.limiter()).half).toBe(false);
    expect([taken(await driver.fetch()), taken(await driver.fetch())].map(isProbe)).toEqual([false, false]);
  });

  it("shuts again when the probe is throttled, for longer each time where the API names no time", async () => {
    await reopened();
    const pauses: number[] = [];
    for (let probes = 0; probes < 4; probes++) {
      await driver.defer(taken(await driver.fetch()));
      const { gateUntil } = await driver.limiter();
      pauses.push(gateUntil - driver.wire.now);
      driver.wire.now = gateUntil;
    }
    expect(pauses).toEqual([100, 150, 225, 337.5]);
  });

  it("past its deadline of 10 s the next permit is the probe, and its end decides", async () => {
    await reopened();
    taken(await driver.fetch());
    driver.wire.now += 10_000;
    const second = taken(await driver.fetch());
    expect(isProbe(second)).toBe(true);
    expect((await driver.fetch()).job).toBeNull();
    await driver.complete(second);
    taken(await driver.fetch());
  });

  it.each(["failed", "released"] as const)(
    "a probe that ends as %s says nothing: the next permit is the probe",
    async (outcome) => {
      await reopened();
      await driver.complete(taken(await driver.fetch()), { outcome, retryAfterMs: 0, spent: null });
      expect((await driver.limiter()).half).toBe(true);
      expect(isProbe(taken(await driver.fetch()))).toBe(true);
      expect((await driver.fetch()).job).toBeNull();
    },
  );
});
