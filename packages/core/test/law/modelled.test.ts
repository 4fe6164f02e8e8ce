import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { defineLimiter, type LimiterOptions } from "../../src/define/limiter.ts";
import { defineQueue } from "../../src/define/queue.ts";
import { type Client, connected, openClient } from "../../src/redis/connection.ts";
import { defineScripts } from "../../src/redis/scripts.ts";
import { checkServer } from "../../src/redis/server.ts";
import type { Api } from "../../src/simulate/api/api.ts";
import { shared } from "../../src/simulate/api/around.ts";
import { meteredBuckets, tokenBucket } from "../../src/simulate/api/bucket.ts";
import { concurrencyLimit } from "../../src/simulate/api/concurrency.ts";
import { fixedWindow, slidingWindow } from "../../src/simulate/api/window.ts";
import { fixed, uniform } from "../../src/simulate/latency.ts";
import { drafted, honest, leftOnly, legacy, named, precise, silent } from "../../src/simulate/manners.ts";
import { type Figures, measure } from "../../src/simulate/measure.ts";
import { seededRandom } from "../../src/simulate/random.ts";
import { EPOCH_MS, type Simulation, simulate } from "../../src/simulate/simulate.ts";
import { redisUrl, useRedis } from "../support/redis.ts";

const space = useRedis();
let client: Client;

beforeAll(async () => {
  client = openClient(redisUrl());
  await connected(client);
  defineScripts(client, await checkServer(client));
});

afterAll(() => client.disconnect());

type Run = Partial<Omit<Simulation, "queue" | "api">> & {
  readonly api: () => Api;
  readonly limiter?: Omit<LimiterOptions, "namespace">;
  readonly name: string;
};

/** A fleet of 100 slots in virtual time; the seed is fixed, so the figures are. */
async function run({ name, api, limiter, ...rest }: Run): Promise<Figures> {
  const defined = defineLimiter(name, { namespace: space.namespace, ...limiter });
  const queue = defineQueue(name, { limiter: defined, capacity: 1_000_000 });
  const seconds = rest.seconds ?? 30;
  const model = api();
  const history = await simulate(client, {
    manners: silent,
    latency: uniform(50, 300),
    slots: 100,
    seed: 3,
    startsAt: EPOCH_MS,
    ...rest,
    seconds,
    queue,
    api: model,
  });
  return measure(history, model, seconds);
}

/** What it brought, in one line, so that a failure shows it. */
const seen = ({ goodput, throttledShare }: Figures): string =>
  `goodput ${goodput.toFixed(3)}, throttled ${(100 * throttledShare).toFixed(2)} %`;

describe("a fleet that is told nothing", () => {
  it.each([
    { name: "bucket", api: () => tokenBucket({ rate: 100, burst: 10 }), goodput: 0.97, throttled: 0.012 },
    { name: "window", api: () => fixedWindow({ limit: 100, perMs: 1_000 }), goodput: 0.85, throttled: 0.04 },
    { name: "sliding", api: () => slidingWindow({ limit: 100, perMs: 1_000 }), goodput: 0.88, throttled: 0.03 },
    { name: "fast", slots: 400, api: () => tokenBucket({ rate: 1_000, burst: 100 }), goodput: 0.85, throttled: 0.02 },
  ])("finds the limit of a $name and stays on it", async ({ name, api, goodput, throttled, slots = 100 }) => {
    const figures = await run({ name, api, slots });
    expect(figures.goodput, seen(figures)).toBeGreaterThan(goodput);
    expect(figures.throttledShare, seen(figures)).toBeLessThan(throttled);
  });

  it("finds how many calls in flight an API stands, and keeps that many in flight", async () => {
    const figures = await run({
      name: "crowd",
      api: () => concurrencyLimit({ limit: 20, meanMs: 200 }),
      latency: fixed(200),
      refusalLatency: fixed(20),
      seconds: 60,
    });
    // By pace alone it is 0.90.
    expect(figures.goodput, seen(figures)).toBeGreaterThan(0.93);
    expect(figures.throttledShare, seen(figures)).toBeLessThan(0.005);
  });

  it("follows a limit that falls to a tenth and rises again", async () => {
    const figures = await run({
      name: "step",
      api: () =>
        tokenBucket({
          rate: [
            { fromMs: 0, rate: 100 },
            { fromMs: 10_000, rate: 10 },
            { fromMs: 20_000, rate: 100 },
          ],
          burst: 10,
        }),
      seconds: 40,
    });
    expect(figures.goodput, seen(figures)).toBeGreaterThan(0.9);
  });

  it("gives way to somebody else who calls the same API, and takes back what he leaves", async () => {
    const figures = await run({
      name: "neighbour",
      api: () =>
        shared(tokenBucket({ rate: 100, burst: 10 }), { fromMs: 10_000, tillMs: 20_000, rate: 50 }, seededRandom(3)),
      seconds: 40,
    });
    expect(figures.goodput, seen(figures)).toBeGreaterThan(0.9);
  });

  it("pays at most four refusals for a limit of one a second", async () => {
    const figures = await run({
      name: "low",
      api: () => tokenBucket({ rate: 1, burst: 1 }),
      manners: honest,
      seconds: 60,
    });
    expect(figures.throttledInFirstMinute).toBeLessThanOrEqual(4);
    expect(figures.goodput, seen(figures)).toBeGreaterThan(0.8);
  });

  it("loses no round trip to a Retry-After of milliseconds", async () => {
    const figures = await run({ name: "precise", api: () => tokenBucket({ rate: 100, burst: 10 }), manners: precise });
    expect(figures.goodput, seen(figures)).toBeGreaterThan(0.97);
  });
});

describe("a fleet that is told of the API's counter", () => {
  it.each([
    { name: "drafted-window", api: () => fixedWindow({ limit: 100, perMs: 1_000, phase: 0.4 }), telling: drafted },
    { name: "drafted-bucket", api: () => tokenBucket({ rate: 100, burst: 100 }), telling: drafted },
    { name: "named-second", api: () => fixedWindow({ limit: 100, perMs: 1_000, phase: 0.4 }), telling: named },
    { name: "legacy-minute", api: () => fixedWindow({ limit: 6_000, perMs: 60_000, phase: 0.4 }), telling: legacy },
  ])("needs no 429 to find its pace ($name)", async ({ name, api, telling }) => {
    const figures = await run({ name, api, telling });
    expect(figures.throttled, seen(figures)).toBe(0);
    expect(figures.goodput, seen(figures)).toBeGreaterThan(0.95);
  });

  const minute = { unit: "requests", amount: 6_000, perMs: 60_000 };
  const costs = Array.from({ length: 40 }, (_, index) => ({ requests: 1, tokens: 100 * (index + 1) }));
  it.each([
    { name: "time-until-full", api: () => meteredBuckets([minute], 0.05), telling: legacy },
    {
      name: "tokens",
      api: () => meteredBuckets([minute, { unit: "tokens", amount: 1_200_000, perMs: 60_000 }], 0.05),
      telling: legacy,
      costs,
    },
    {
      name: "slow-tokens",
      api: () => meteredBuckets([minute, { unit: "tokens", amount: 1_200_000, perMs: 60_000 }], 0.05),
      telling: legacy,
      costs,
      latency: uniform(2_000, 12_000),
      seconds: 90,
    },
    {
      name: "no-reset",
      api: () => meteredBuckets([{ unit: "requests", amount: 100, perMs: 1_000, burst: 400 }], 0.05),
      telling: leftOnly,
    },
  ])("keeps a bucket that fills all the time just above empty ($name)", async ({ name, ...rest }) => {
    const figures = await run({ name, ...rest });
    // One call of a thousand at most: the first answers of a slow API come when some are out already.
    expect(figures.throttledShare, seen(figures)).toBeLessThanOrEqual(0.001);
    expect(figures.goodput, seen(figures)).toBeGreaterThan(0.95);
  });

  it("stops before a window that somebody else has used up, and does not run into it", async () => {
    const api = (): Api =>
      shared(fixedWindow({ limit: 1_000, perMs: 10_000 }), { fromMs: 0, tillMs: 30_000, rate: 50 }, seededRandom(3));
    const told = await run({ name: "used-up", api, telling: drafted });
    const untold = await run({ name: "used-up-untold", api });
    expect(told.throttled).toBeLessThan(untold.throttled / 3);
  });

  it("is still bound by what it declared itself", async () => {
    const figures = await run({
      name: "declared",
      api: () => fixedWindow({ limit: 100, perMs: 1_000 }),
      telling: drafted,
      limiter: { limits: [{ unit: "requests", amount: 50, per: "1s" }] },
    });
    expect(figures.accepted).toBeLessThanOrEqual(50 * 30);
    expect(figures.accepted).toBeGreaterThan(48 * 30);
  });
});
