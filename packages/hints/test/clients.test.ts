import { createGraphQLClient } from "@shopify/graphql-client";
import { setAbstractFetchFunc } from "@shopify/shopify-api/runtime";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { type Classified, classifyError, parseHints } from "../src/index.ts";
import { anthropic } from "./snippets/anthropic.ts";
import { azureOpenai } from "./snippets/azure-openai.ts";
import { discord } from "./snippets/discord.ts";
import { gemini } from "./snippets/gemini.ts";
import { github } from "./snippets/github.ts";
import { hubspot } from "./snippets/hubspot.ts";
import { notion } from "./snippets/notion.ts";
import { openai } from "./snippets/openai.ts";
import { shopify } from "./snippets/shopify.ts";
import { shopifyGraphql } from "./snippets/shopify-graphql-client.ts";
import { slack } from "./snippets/slack.ts";
import { stripe } from "./snippets/stripe.ts";
import { x } from "./snippets/x.ts";
import { type Expected, fixture, inOrder, RECORDED, saidBy } from "./support/fixtures.ts";
import { listen, replay } from "./support/replay.ts";

beforeEach(() => void vi.useFakeTimers({ toFake: ["Date"], now: RECORDED }));
afterEach(() => void vi.useRealTimers());

/** The client only speaks to https://<shop>. */
function shopifyAt(url: string): Promise<Classified | null> {
  setAbstractFetchFunc((input, init) => fetch(new URL(new URL(String(input)).pathname, url), init));
  return shopify("example.myshopify.com");
}

// Where a client hides what the answer said, what is left of it.
const cases: [client: string, fixture: string, (url: string) => Promise<Classified | null>, Partial<Expected>?][] = [
  ["openai", "openai", openai],
  ["openai", "openai-no-credit", openai],
  ["openai", "openai-slow-down", openai],
  ["openai (Azure)", "azure-openai", azureOpenai],
  ["openai (Azure)", "azure-openai-limits", azureOpenai],
  ["@anthropic-ai/sdk", "anthropic", anthropic],
  ["@anthropic-ai/sdk", "anthropic-spend-limit", anthropic],
  ["@anthropic-ai/sdk", "anthropic-overloaded", anthropic],
  ["@google/genai", "gemini", gemini],
  ["@google/genai", "gemini-day", gemini],
  ["@google/genai", "gemini-limit-0", gemini],
  ["@octokit/core", "github", github],
  ["@octokit/core", "github-secondary", github],
  ["@octokit/core", "github-secondary-told", github],
  ["@slack/web-api", "slack", slack, { source: "client" }],
  ["stripe", "stripe", stripe],
  ["@hubspot/api-client", "hubspot", hubspot],
  ["@hubspot/api-client", "hubspot-daily", hubspot],
  ["@notionhq/client", "notion", notion],
  ["@notionhq/client", "notion-overload", notion],
  // It keeps no headers, and adds 50 ms for the way.
  ["@discordjs/rest", "discord", discord, { source: "client", retryAfterMs: 2_050, limits: [] }],
  ["twitter-api-v2", "x", x],
  ["@shopify/graphql-client", "shopify-graphql", shopifyGraphql],
  ["@shopify/graphql-client", "shopify-rest", shopifyGraphql],
  ["@shopify/shopify-api", "shopify-rest", shopifyAt],
  ["@shopify/shopify-api", "shopify-graphql", shopifyAt],
];

it.each(cases)("%s, asked once: %s", async (_, name, call, hidden) => {
  const { expected } = fixture(name);
  await using server = await replay(fixture(name));
  const classified = await call(server.url);
  expect(server.requests).toHaveLength(1);
  expect(saidBy(classified ?? classifyError(null))).toEqual(inOrder({ ...expected, ...hidden }));
});

it("@shopify/graphql-client: what a success costs", async () => {
  const throttleStatus = { maximumAvailable: 2_000, currentlyAvailable: 1_980, restoreRate: 100 };
  const extensions = { cost: { requestedQueryCost: 20, throttleStatus } };
  await using server = await listen((_, response) =>
    response.setHeader("content-type", "application/json").end(JSON.stringify({ data: { shop: {} }, extensions })),
  );
  const result = await createGraphQLClient({ url: server.url, headers: {}, retries: 0 }).request("{ shop { name } }");
  const limit = { unit: "cost", limit: 2_000, remaining: 1_980, resetMs: 200, windowMs: 20_000 };
  for (const hint of [parseHints(result), classifyError(result).hint]) expect(hint.limits).toEqual([limit]);
  expect(classifyError(result).throttled).toBe(false);
});
