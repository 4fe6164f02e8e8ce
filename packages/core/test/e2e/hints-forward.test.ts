import { defineLimiter, defineQueue } from "headgate";
import { createProducer } from "headgate/producer";
import { createWorker, type Processor } from "headgate/worker";
import { beforeEach, describe, expect, it } from "vitest";
import { type Api, startApi } from "../support/api.ts";
import { monitor } from "../support/monitor.ts";
import { useRedis } from "../support/redis.ts";

const space = useRedis();
let api: Api;

beforeEach(async () => {
  api = space.use(await startApi());
});

/** What a worker sent to Redis at the end of its only job, read off the wire. */
async function endingOf(processor: Processor, provider?: "shopify"): Promise<unknown[]> {
  const limiter = defineLimiter("api", { namespace: space.namespace, ...(provider ? { provider } : {}) });
  const queue = defineQueue("q", { limiter, attempts: 1 });
  let found: (ending: unknown[]) => void = () => undefined;
  const seen = new Promise<unknown[]>((resolve) => {
    found = resolve;
  });
  const stop = await monitor(space.url, (args) => {
    if (!args.some((arg) => arg.includes(space.namespace))) return;
    const text = args.find((arg) => /^\[\d+,-?\d+,\[/.test(arg));
    if (text !== undefined) found(JSON.parse(text) as unknown[]);
  });
  try {
    space.use(createWorker(queue, processor, { connection: space.url }));
    await space.use(createProducer({ connection: space.url })).enqueue(queue, {});
    return await seen;
  } finally {
    await stop();
  }
}

const OUTCOME = 5;
const HINT = 8;
const headers = { ratelimit: '"a";r=50;t=30', "ratelimit-policy": '"a";q=100;w=60' };
const hint = [["requests", 100, 50, 30_000, 60_000]];

describe("what the API says of its limits rides on the ending", () => {
  it("of an answer that ctx.fetch got", async () => {
    api.answer(() => ({ status: 200, headers }));
    const ending = await endingOf(async (_, ctx) => void (await ctx.fetch(api.url)));
    expect([ending[OUTCOME], ending[HINT]]).toEqual(["ok", hint]);
  });

  it("of a refused one too", async () => {
    api.answer(() => ({ status: 429, headers: { ...headers, ratelimit: '"a";r=0;t=30' } }));
    const ending = await endingOf(async (_, ctx) => void (await ctx.fetch(api.url)));
    expect([ending[OUTCOME], ending[HINT]]).toEqual(["throttled", [["requests", 100, 0, 30_000, 60_000]]]);
  });

  it.each<[string, unknown]>([
    ["a fetch Response", new Response("{}", { headers })],
    ["Headers", new Headers(headers)],
    ["status and headers", { status: 200, headers }],
    ["what axios answers", { status: 200, headers, data: { id: 1 }, config: {} }],
  ])("of what ctx.report was given: %s", async (_, heard) => {
    const ending = await endingOf((_payload, ctx) => ctx.report(heard));
    expect([ending[OUTCOME], ending[HINT]]).toEqual(["ok", hint]);
  });

  it("of an error that a client library threw", async () => {
    const error = Object.assign(new Error("429"), { status: 429, headers: new Headers(headers), error: {} });
    const ending = await endingOf(() => Promise.reject(error));
    expect([ending[OUTCOME], ending[HINT]]).toEqual(["throttled", hint]);
  });

  it("of a body, where the provider tells in it: Shopify's cost", async () => {
    const throttleStatus = { maximumAvailable: 2_000, currentlyAvailable: 1_900, restoreRate: 100 };
    const body = JSON.stringify({
      data: { shop: "x" },
      extensions: { cost: { requestedQueryCost: 10, throttleStatus } },
    });
    api.answer(() => ({ status: 200, headers: { "content-type": "application/json" }, body }));
    const seen: string[] = [];
    const ending = await endingOf(async (_, ctx) => {
      const response = await ctx.fetch(api.url, { method: "POST", body: "{}" });
      seen.push(await response.text());
    }, "shopify");
    expect(seen, "the answer itself is whole").toEqual([body]);
    expect([ending[OUTCOME], ending[HINT]]).toEqual(["ok", [["cost", 2_000, 1_900, 1_000, 20_000]]]);
  });

  it("newest first, where a job makes several calls", async () => {
    const tokens = { "x-ratelimit-limit-tokens-minute": "900", "x-ratelimit-remaining-tokens-minute": "400" };
    let left = 50;
    api.answer(() => ({
      status: 200,
      headers: { ...headers, ratelimit: `"a";r=${left--};t=30`, ...(left === 49 && tokens) },
    }));
    const ending = await endingOf(async (_, ctx) => {
      for (let call = 0; call < 3; call++) await ctx.fetch(api.url);
    });
    expect(ending[HINT]).toEqual([
      ["requests", 100, 48, 30_000, 60_000],
      ["tokens", 900, 400, -1, 60_000],
    ]);
  });

  it("as 0 when it says nothing", async () => {
    const ending = await endingOf(async (_, ctx) => void (await ctx.fetch(api.url)));
    expect([ending[OUTCOME], ending[HINT]]).toEqual(["ok", 0]);
  });
});
