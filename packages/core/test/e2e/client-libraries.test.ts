import { readFileSync } from "node:fs";
import Anthropic from "@anthropic-ai/sdk";
import { GoogleGenAI } from "@google/genai";
import type { ProviderName } from "@headgate/hints";
import { Client as Notion } from "@notionhq/client";
import { Octokit } from "@octokit/core";
import { WebClient } from "@slack/web-api";
import axios from "axios";
import got from "got";
import { defineLimiter, defineQueue } from "headgate";
import { createControl } from "headgate/control";
import { createProducer } from "headgate/producer";
import { createWorker, type JobContext } from "headgate/worker";
import ky from "ky";
import OpenAI from "openai";
import Stripe from "stripe";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { type Answer, type Api, startApi } from "../support/api.ts";
import { endingOf } from "../support/ending.ts";
import { useRedis } from "../support/redis.ts";

const space = useRedis();
let api: Api;

beforeEach(async () => {
  api = space.use(await startApi());
});

/** An exchange that packages/hints has recorded. */
function recorded(name: string): Answer {
  const url = new URL(`../../../hints/test/fixtures/${name}.json`, import.meta.url);
  const { answer } = JSON.parse(readFileSync(url, "utf8")) as { answer: Omit<Answer, "body"> & { body: unknown } };
  return { ...answer, body: JSON.stringify(answer.body) };
}

type Call = (ctx: JobContext) => Promise<unknown>;

const question = { model: "gpt-5", input: "Hello" };
const message = { model: "claude", max_tokens: 10, messages: [{ role: "user" as const, content: "Hello" }] };
const stripeAt = (url: string, options: Stripe.StripeConfig) => {
  const { hostname: host, port } = new URL(url);
  return new Stripe("key", { host, port, protocol: "http", maxNetworkRetries: 0, ...options });
};

/** As their users write it, with what docs/providers.md says of retries; nobody reports or catches anything. */
const calls: Record<string, Call> = {
  openai: ({ signal }) =>
    new OpenAI({ apiKey: "key", baseURL: api.url, maxRetries: 0 }).responses.create(question, { signal }),
  "@anthropic-ai/sdk": ({ signal }) =>
    new Anthropic({ apiKey: "key", baseURL: api.url, maxRetries: 0 }).messages.create(message, { signal }),
  "@google/genai": ({ signal }) =>
    new GoogleGenAI({
      apiKey: "key",
      httpOptions: { baseUrl: api.url, retryOptions: { attempts: 1 } },
    }).models.generateContent({ model: "gemini", contents: "Hello", config: { abortSignal: signal } }),
  stripe: () => stripeAt(api.url, {}).balance.retrieve(),
  "@slack/web-api": () =>
    new WebClient("key", {
      slackApiUrl: api.url,
      rejectRateLimitedCalls: true,
      retryConfig: { retries: 0 },
    }).auth.test(),
  "@notionhq/client": () =>
    new Notion({ auth: "key", baseUrl: api.url.slice(0, -1), retry: false, logger: () => undefined }).users.me({}),
  "@octokit/core": ({ signal }) =>
    new Octokit({ baseUrl: api.url.slice(0, -1) }).request("GET /user", { request: { signal } }),
  axios: ({ signal }) => axios.get(api.url, { signal }),
  got: ({ signal }) => got(api.url, { retry: { limit: 0 }, signal }),
  ky: ({ signal }) => ky(api.url, { retry: 0, signal }),
};

/** Runs one job and waits until it is put back. */
async function putBack(call: Call, provider: ProviderName | undefined, answer: Answer) {
  const limiter = defineLimiter("api", { namespace: space.namespace, ...(provider && { provider }) });
  const queue = defineQueue("q", { limiter, attempts: 1 });
  const control = space.use(createControl({ connection: space.url }));
  api.answer(() => answer);
  const worker = space.use(createWorker(queue, (_, ctx) => call(ctx), { connection: space.url, concurrency: 1 }));
  const events: string[] = [];
  for (const event of ["completed", "deferred", "parked", "failed"] as const) {
    worker.on(event, () => void events.push(event));
  }
  await space.use(createProducer({ connection: space.url })).enqueue(queue, {}, { id: "a" });
  await vi.waitFor(() => expect(events).toHaveLength(1), { timeout: 5_000 });
  const { gate, totals } = await control.status(limiter);
  return { events, gate, totals, counts: (await control.status(queue)).counts };
}

describe("an error of a client library is classified without the user doing anything", () => {
  it.each<[client: string, exchange: string, waitMs: number, provider?: ProviderName]>([
    ["openai", "openai", 20_000, "openai"],
    ["@anthropic-ai/sdk", "anthropic", 7_000, "anthropic"],
    ["@google/genai", "gemini", 55_000, "gemini"],
    ["stripe", "stripe", 1_000, "stripe"],
    ["@slack/web-api", "slack", 30_000, "slack"],
    ["@notionhq/client", "notion-overload", 60_000, "notion"],
    ["@octokit/core", "github-secondary", 60_000, "github"],
    ["axios", "draft-8", 60_000],
    ["got", "retry-after-date", 30_000],
    ["ky", "discord", 2_000, "discord"],
  ])(
    "%s: %s shuts the gate for %i ms, and the job comes back with no attempt spent",
    async (client, exchange, waitMs, provider) => {
      const { events, gate, totals, counts } = await putBack(calls[client] as Call, provider, recorded(exchange));
      expect(events).toEqual(["deferred"]);
      expect(api.calls, "its own retries are off").toHaveLength(1);
      expect(totals).toMatchObject({ throttled: 1, failed: 0 });
      expect(counts).toMatchObject({ failed: 0, completed: 0 });
      expect(gate).toMatchObject({ closed: true });
      expect(gate.remainingMs).toBeLessThanOrEqual(waitMs);
      expect(gate.remainingMs).toBeGreaterThan(waitMs - 1_000);
    },
  );

  it.each<[client: string, exchange: string, ProviderName]>([
    ["openai", "openai-no-credit", "openai"],
    ["@anthropic-ai/sdk", "anthropic-spend-limit", "anthropic"],
    ["@google/genai", "gemini-day", "gemini"],
    ["axios", "hubspot-daily", "hubspot"],
  ])("%s: %s parks the job", async (client, exchange, provider) => {
    const { events, gate, counts } = await putBack(calls[client] as Call, provider, recorded(exchange));
    expect(events).toEqual(["parked"]);
    expect(gate).toMatchObject({ closed: true, reason: "quota" });
    expect(counts).toMatchObject({ wait: 1, failed: 0, delayed: 0 });
  });
});

/** Clients that take a `fetch` of their own. */
const onFetch: Record<string, Call> = {
  openai: ({ fetch }) =>
    new OpenAI({ apiKey: "key", baseURL: api.url, maxRetries: 0, fetch }).responses.create(question),
  "@anthropic-ai/sdk": ({ fetch }) =>
    new Anthropic({ apiKey: "key", baseURL: api.url, maxRetries: 0, fetch }).messages.create(message),
  "@octokit/core": ({ fetch }) =>
    new Octokit({ baseUrl: api.url.slice(0, -1), request: { fetch } }).request("GET /user"),
  "@notionhq/client": ({ fetch }) =>
    new Notion({ auth: "key", baseUrl: api.url.slice(0, -1), retry: false, fetch, logger: () => undefined }).users.me(
      {},
    ),
  stripe: ({ fetch }) => stripeAt(api.url, { httpClient: Stripe.createFetchHttpClient(fetch) }).balance.retrieve(),
  ky: ({ fetch }) => ky(api.url, { retry: 0, fetch }).json(),
};

describe("ctx.fetch in a client library", () => {
  const headers = {
    "content-type": "application/json",
    "ratelimit-policy": '"a";q=100;w=60',
    ratelimit: '"a";r=50;t=30',
  };

  it.each(Object.keys(onFetch))("%s: its refusals put the job back", async (client) => {
    const { events, gate, totals } = await putBack(onFetch[client] as Call, undefined, {
      status: 429,
      headers: { ...headers, "retry-after": "20" },
      body: "{}",
    });
    expect(events).toEqual(["deferred"]);
    expect(api.calls).toHaveLength(1);
    expect(totals).toMatchObject({ throttled: 1, failed: 0 });
    expect(gate.remainingMs).toBeGreaterThan(19_000);
  });

  it.each(Object.keys(onFetch))("%s: what its successes say of limits is heard", async (client) => {
    api.answer(() => ({ status: 200, headers, body: "{}" }));
    const ending = await endingOf(space, (_, ctx) => onFetch[client]?.(ctx));
    expect(ending).toMatchObject({ outcome: "ok", hint: [["requests", 100, 50, 30_000, 60_000]] });
  });
});

describe("ctx.signal, handed to a client library", () => {
  it.each(["openai", "@anthropic-ai/sdk", "@google/genai", "@octokit/core", "axios", "got", "ky"])(
    "%s: a run that takes too long hangs up",
    async (client) => {
      const limiter = defineLimiter("api", { namespace: space.namespace });
      const queue = defineQueue("q", { limiter, attempts: 1, timeout: "300ms" });
      api.answer(() => ({ status: 200, afterMs: 20_000 }));
      let given: Promise<unknown> = Promise.resolve();
      const worker = createWorker(
        queue,
        async (_, ctx) => {
          given = (calls[client] as Call)(ctx).then(
            () => "answered",
            () => "hung up",
          );
          await given;
        },
        { connection: space.url },
      );
      const failed = new Promise<{ error: Error }>((resolve) => space.use(worker).once("failed", resolve));
      await space.use(createProducer({ connection: space.url })).enqueue(queue, {});
      expect((await failed).error).toMatchObject({ code: "HG_JOB_TIMEOUT" });
      expect(await given).toBe("hung up");
      expect(api.calls).toHaveLength(1);
    },
  );
});
