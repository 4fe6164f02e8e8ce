import axios from "axios";
import got from "got";
import { beforeEach, describe, expect, it } from "vitest";
import { type Api, startApi } from "../support/api.ts";
import { endingOf } from "../support/ending.ts";
import { useRedis } from "../support/redis.ts";

const space = useRedis();
let api: Api;

beforeEach(async () => {
  api = space.use(await startApi());
});

const headers = { ratelimit: '"a";r=50;t=30', "ratelimit-policy": '"a";q=100;w=60' };
const hint = [["requests", 100, 50, 30_000, 60_000]];

describe("what the API says of its limits rides on the ending", () => {
  it("of an answer that ctx.fetch got", async () => {
    api.answer(() => ({ status: 200, headers }));
    const ending = await endingOf(space, async (_, ctx) => void (await ctx.fetch(api.url)));
    expect(ending).toMatchObject({ outcome: "ok", hint });
    expect(ending.ageMs).toBeGreaterThanOrEqual(0);
    expect(ending.ageMs).toBeLessThan(5_000);
  });

  it("of a refused one too", async () => {
    api.answer(() => ({ status: 429, headers: { ...headers, ratelimit: '"a";r=0;t=30' } }));
    const ending = await endingOf(space, async (_, ctx) => void (await ctx.fetch(api.url)));
    expect(ending).toMatchObject({ outcome: "throttled", hint: [["requests", 100, 0, 30_000, 60_000]] });
  });

  it.each<[string, unknown]>([
    ["a fetch Response", new Response("{}", { headers })],
    ["Headers", new Headers(headers)],
    ["status and headers", { status: 200, headers }],
    ["what axios answers", { status: 200, headers, data: { id: 1 }, config: {} }],
  ])("of what ctx.report was given: %s", async (_, heard) => {
    const ending = await endingOf(space, (_payload, ctx) => ctx.report(heard));
    expect(ending).toMatchObject({ outcome: "ok", hint });
  });

  it.each<[string, (url: string) => Promise<unknown>]>([
    ["axios", (url) => axios.get(url)],
    ["got", (url) => got(url)],
    ["fetch", (url) => fetch(url)],
  ])("of what %s answered and ctx.report was given", async (_, call) => {
    api.answer(() => ({ status: 200, headers }));
    const ending = await endingOf(space, async (_payload, ctx) => ctx.report(await call(api.url)));
    expect(ending).toMatchObject({ outcome: "ok", hint });
  });

  it("of an error that a client library threw", async () => {
    const error = Object.assign(new Error("429"), { status: 429, headers: new Headers(headers), error: {} });
    const ending = await endingOf(space, () => Promise.reject(error));
    expect(ending).toMatchObject({ outcome: "throttled", hint });
  });

  it("of a body, where the provider tells in it: Shopify's cost", async () => {
    const throttleStatus = { maximumAvailable: 2_000, currentlyAvailable: 1_900, restoreRate: 100 };
    const body = JSON.stringify({
      data: { shop: "x" },
      extensions: { cost: { requestedQueryCost: 10, throttleStatus } },
    });
    api.answer(() => ({ status: 200, headers: { "content-type": "application/json" }, body }));
    const seen: string[] = [];
    const ending = await endingOf(
      space,
      async (_, ctx) => {
        const response = await ctx.fetch(api.url, { method: "POST", body: "{}" });
        seen.push(await response.text());
      },
      "shopify",
    );
    expect(seen, "the answer itself is whole").toEqual([body]);
    expect(ending).toMatchObject({ outcome: "ok", hint: [["cost", 2_000, 1_900, 1_000, 20_000]] });
  });

  it("newest first, where a job makes several calls", async () => {
    const tokens = { "x-ratelimit-limit-tokens-minute": "900", "x-ratelimit-remaining-tokens-minute": "400" };
    let left = 50;
    api.answer(() => ({
      status: 200,
      headers: { ...headers, ratelimit: `"a";r=${left--};t=30`, ...(left === 49 && tokens) },
    }));
    const ending = await endingOf(space, async (_, ctx) => {
      for (let call = 0; call < 3; call++) await ctx.fetch(api.url);
    });
    expect(ending.hint).toEqual([
      ["requests", 100, 48, 30_000, 60_000],
      ["tokens", 900, 400, -1, 60_000],
    ]);
  });

  it("as 0 when it says nothing", async () => {
    const ending = await endingOf(space, async (_, ctx) => void (await ctx.fetch(api.url)));
    expect(ending).toMatchObject({ outcome: "ok", hint: 0 });
  });
});
