import { expect, it } from "vitest";
import { defineLimiter } from "../../src/define/limiter.ts";
import { defineQueue } from "../../src/define/queue.ts";
import { useRedis } from "../support/redis.ts";
import { Driver, taken } from "./drive.ts";

const space = useRedis();
/** A permit is due every second. */
const DUE_MS = 1_000;
const GRACE_MS = 250;

/** A worker that asks: each of its asks has a lock token of its own. */
class Asker {
  readonly driver: Driver;
  readonly #name: string;
  #asks = 0;

  constructor(driver: Driver, name: string) {
    this.driver = driver;
    this.#name = name;
  }

  fetch(): ReturnType<Driver["fetch"]> {
    return this.driver.fetch(`${this.#name}-${this.#asks++}`);
  }
}

/** The first of them holds a job, and the next permit is due a second later. */
async function fleetOf(size: number, slots = 100) {
  const limiter = defineLimiter("api", {
    namespace: space.namespace,
    adaptive: false,
    limits: [{ unit: "requests", amount: 60, per: "60s", burst: 1 }],
  });
  const queue = defineQueue("q", { limiter });
  const first = await Driver.open(space, queue, { slots });
  const fleet = [new Asker(first, "w0")];
  while (fleet.length < size) {
    fleet.push(new Asker(await Driver.open(space, queue, { slots, wire: first.wire }), `w${fleet.length}`));
  }
  for (let job = 0; job < 20; job++) await first.add(`job${job}`);
  taken(await (fleet[0] as Asker).fetch());
  return { fleet, wire: first.wire, base: first.base };
}

it("one of those that sleep asks again when the timekeeper's time is up, and takes its place", async () => {
  const { fleet, wire } = await fleetOf(3);
  const [keeper, deputy, third] = fleet as [Asker, Asker, Asker];
  expect((await keeper.fetch()).until, "it keeps the time").toBeGreaterThan(0);
  const hostNow = Date.now();
  const { job, until } = await deputy.fetch();
  expect(job).toBeNull();
  expect(Math.abs(until - (hostNow + DUE_MS + GRACE_MS)), `${until - hostNow}`).toBeLessThan(50);
  expect(await third.fetch(), "and everyone else sleeps").toEqual({ job: null, waitMs: 0, until: 0 });
  // Killed: it never asks again.
  wire.now += DUE_MS + GRACE_MS;
  taken(await deputy.fetch());
  expect((await deputy.fetch()).until, "now it keeps the time").toBeGreaterThan(0);
  expect((await third.fetch()).until, "with a deputy of its own").toBeGreaterThan(0);
});

it("while the timekeeper asks in time, the deputy only looks", async () => {
  const { fleet, wire } = await fleetOf(3);
  const [keeper, deputy, third] = fleet as [Asker, Asker, Asker];
  await keeper.fetch();
  await deputy.fetch();
  for (let round = 0; round < 3; round++) {
    wire.now += DUE_MS;
    taken(await keeper.fetch());
    await keeper.fetch();
    wire.now += GRACE_MS - 1;
    const { job, until } = await deputy.fetch();
    expect(job).toBeNull();
    expect(until, "it looks again").toBeGreaterThan(0);
    expect(await third.fetch()).toEqual({ job: null, waitMs: 0, until: 0 });
  }
});

it("a timekeeper whose deputy is busy wakes another; one that is alone does so once in five seconds", async () => {
  const { fleet, wire, base } = await fleetOf(2);
  const [keeper, other] = fleet as [Asker, Asker];
  const woken = () => space.client.zrem(`${base}marker`, "0");
  await woken();
  await keeper.fetch();
  expect(await woken(), "it has none yet").toBe(1);
  for (let ms = 0; ms < 4_500; ms += 500) {
    wire.now += 500;
    const { job } = await keeper.fetch();
    if (job) await keeper.fetch();
    expect(await woken(), `${ms}`).toBe(0);
  }
  wire.now += 600;
  if ((await keeper.fetch()).job) await keeper.fetch();
  expect(await woken()).toBe(1);
  expect((await other.fetch()).until, "who is woken becomes it").toBeGreaterThan(0);
  await keeper.fetch();
  expect(await woken()).toBe(0);
});

it("a deputy that fills its last slot is no deputy any more", async () => {
  const { fleet, wire, base } = await fleetOf(2, 2);
  const [keeper, deputy] = fleet as [Asker, Asker];
  expect((await keeper.fetch()).until).toBeGreaterThan(0);
  expect((await deputy.fetch()).until).toBeGreaterThan(0);
  for (let job = 0; job < 2; job++) {
    wire.now += DUE_MS;
    taken(await deputy.fetch());
  }
  await space.client.zrem(`${base}marker`, "0");
  expect((await keeper.fetch()).until).toBeGreaterThan(0);
  expect(await space.client.zrem(`${base}marker`, "0"), "another is woken").toBe(1);
});
