import { describe, expect, it } from "vitest";
import { type LimitHint, parseHints } from "../src/index.ts";

const now = Date.parse("2026-11-25T12:00:00Z");
const seconds = now / 1_000;

describe("one name, seven units", () => {
  it.each([
    ["epoch seconds (express-rate-limit, GitHub)", String(seconds + 90)],
    ["epoch seconds with a fraction (Discord)", `${seconds + 90}.000`],
    ["epoch milliseconds", String(now + 90_000)],
    ["seconds from now (@fastify/rate-limit)", "90"],
    ["RFC 3339 (Anthropic)", "2026-11-25T12:01:30Z"],
    ["RFC 3339 without a zone", "2026-11-25T12:01:30"],
    ["HTTP-date", "Wed, 25 Nov 2026 12:01:30 GMT"],
    ["a date as JavaScript prints it (lemlist)", "Wed Nov 25 2026 13:01:30 GMT+0100 (Central European Standard Time)"],
  ])("%s", (_, reset) => {
    const headers = { "x-ratelimit-limit": "10", "x-ratelimit-remaining": "0", "x-ratelimit-reset": reset };
    expect(parseHints(headers, { now })).toEqual({
      retryAfterMs: 90_000,
      source: "reset",
      limits: [{ unit: "requests", limit: 10, remaining: 0, resetMs: 90_000 }],
      scope: "unknown",
    });
  });

  it("milliseconds from now (Prisjakt), when the dialect says so", () => {
    const headers = { "X-Rate-Limit-Remaining": "0", "X-Rate-Limit-Reset": "600000" };
    expect(parseHints(headers, { now, provider: { reset: "ms" } }).retryAfterMs).toBe(600_000);
  });

  it("milliseconds, when the name says so", () => {
    const headers = { "x-ratelimit-remaining": "0", "x-ratelimit-reset-ms": "1500" };
    expect(parseHints(headers, { now }).retryAfterMs).toBe(1_500);
  });

  it("holds an epoch against the response's own Date", () => {
    const headers = {
      date: "Wed, 25 Nov 2026 12:01:00 GMT",
      "x-ratelimit-remaining": "0",
      "x-ratelimit-reset": String(seconds + 90),
    };
    expect(parseHints(headers, { now }).retryAfterMs).toBe(30_000);
  });
});

describe("dialects", () => {
  const cases: [string, Record<string, string>, LimitHint[]][] = [
    [
      "OpenAI: durations, and a window that follows from them",
      {
        "x-ratelimit-limit-requests": "500",
        "x-ratelimit-remaining-requests": "499",
        "x-ratelimit-reset-requests": "120ms",
        "x-ratelimit-limit-tokens": "90000",
        "x-ratelimit-remaining-tokens": "0",
        "x-ratelimit-reset-tokens": "1m0s",
      },
      [
        { unit: "requests", limit: 500, remaining: 499, resetMs: 120, windowMs: 60_000 },
        { unit: "tokens", limit: 90_000, remaining: 0, resetMs: 60_000, windowMs: 60_000 },
      ],
    ],
    [
      "Anthropic: four counters, a reset that has passed",
      {
        "anthropic-ratelimit-requests-limit": "50",
        "anthropic-ratelimit-requests-remaining": "49",
        "anthropic-ratelimit-requests-reset": "2026-11-25T11:59:59Z",
        "anthropic-ratelimit-input-tokens-limit": "30000",
        "anthropic-ratelimit-input-tokens-remaining": "29000",
        "anthropic-ratelimit-input-tokens-reset": "2026-11-25T12:00:02Z",
      },
      [
        { unit: "requests", limit: 50, remaining: 49, resetMs: 0 },
        { unit: "input-tokens", limit: 30_000, remaining: 29_000, resetMs: 2_000, windowMs: 60_000 },
      ],
    ],
    [
      "GitHub: the resource is the partition",
      {
        "x-ratelimit-limit": "5000",
        "x-ratelimit-remaining": "4999",
        "x-ratelimit-reset": String(seconds + 3_600),
        "x-ratelimit-used": "1",
        "x-ratelimit-resource": "core",
      },
      [{ unit: "requests", limit: 5_000, remaining: 4_999, resetMs: 3_600_000, partition: "core" }],
    ],
    [
      "HubSpot: two counters, one with its window",
      {
        "X-HubSpot-RateLimit-Daily": "250000",
        "X-HubSpot-RateLimit-Daily-Remaining": "249000",
        "X-HubSpot-RateLimit-Max": "100",
        "X-HubSpot-RateLimit-Remaining": "99",
        "X-HubSpot-RateLimit-Interval-Milliseconds": "10000",
      },
      [
        { unit: "requests", limit: 250_000, remaining: 249_000, windowMs: 86_400_000 },
        { unit: "requests", limit: 100, remaining: 99, windowMs: 10_000 },
      ],
    ],
    [
      "X: with a hyphen, and the day's counters of app and user",
      {
        "x-rate-limit-limit": "75",
        "x-rate-limit-remaining": "74",
        "x-rate-limit-reset": String(seconds + 900),
        "x-user-limit-24hour-limit": "100",
        "x-user-limit-24hour-remaining": "99",
        "x-user-limit-24hour-reset": String(seconds + 86_400),
      },
      [
        { unit: "requests", limit: 75, remaining: 74, resetMs: 900_000 },
        {
          unit: "requests",
          limit: 100,
          remaining: 99,
          resetMs: 86_400_000,
          windowMs: 86_400_000,
          partition: "user",
        },
      ],
    ],
    [
      "Kong, and who puts the window into the name",
      {
        "x-ratelimit-limit-minute": "60",
        "x-ratelimit-remaining-minute": "59",
        "x-ratelimit-limit-tokens-day": "1000",
      },
      [
        { unit: "requests", limit: 60, remaining: 59, windowMs: 60_000 },
        { unit: "tokens", limit: 1_000, windowMs: 86_400_000 },
      ],
    ],
    [
      "Kong again: the limit that is closest once more, without its window",
      {
        "ratelimit-limit": "60",
        "ratelimit-remaining": "59",
        "ratelimit-reset": "41",
        "x-ratelimit-limit-minute": "60",
        "x-ratelimit-remaining-minute": "59",
        "x-ratelimit-limit-hour": "1000",
        "x-ratelimit-remaining-hour": "700",
      },
      [
        { unit: "requests", limit: 60, remaining: 59, resetMs: 41_000, windowMs: 60_000 },
        { unit: "requests", limit: 1_000, remaining: 700, windowMs: 3_600_000 },
      ],
    ],
    [
      "WHOOP: a list in the limit",
      {
        "X-RateLimit-Limit": "100, 100;window=60, 10000;window=86400",
        "X-RateLimit-Remaining": "98",
        "X-RateLimit-Reset": "3",
      },
      [
        { unit: "requests", limit: 100, remaining: 98, resetMs: 3_000, windowMs: 60_000 },
        { unit: "requests", limit: 10_000, windowMs: 86_400_000 },
      ],
    ],
    [
      "Shopify REST: used and size",
      { "X-Shopify-Shop-Api-Call-Limit": "32/40" },
      [{ unit: "requests", limit: 40, remaining: 8 }],
    ],
    [
      "a counter for a part of the API",
      { "x-ratelimit-limit-project-tokens": "5", "x-ratelimit-limit-tokens_usage_based": "7" },
      [
        { unit: "tokens", limit: 5, partition: "project" },
        { unit: "tokens", limit: 7, partition: "usage-based" },
      ],
    ],
    [
      "Azure's sentinels",
      { "x-ratelimit-limit-tokens": "-1", "x-ratelimit-remaining-tokens": "-1", "x-ratelimit-reset-tokens": "0" },
      [],
    ],
    ["an overdrawn count is 0", { "x-ratelimit-remaining": "-7" }, [{ unit: "requests", remaining: 0 }]],
    [
      "a limit of 0 is none",
      { "x-ratelimit-limit": "0", "x-ratelimit-remaining": "3" },
      [{ unit: "requests", remaining: 3 }],
    ],
    [
      "words are ignored",
      { "x-ratelimit-limit": "lots", "x-ratelimit-remaining": "NaN", "x-ratelimit-reset": "later" },
      [],
    ],
  ];
  it.each(cases)("%s", (_, headers, expected) => {
    expect(parseHints(headers, { now }).limits).toEqual(expected);
  });

  it("Discord: reset-after, bucket and scope", () => {
    expect(
      parseHints(
        {
          "X-RateLimit-Limit": "5",
          "X-RateLimit-Remaining": "0",
          "X-RateLimit-Reset": `${seconds + 1}.5`,
          "X-RateLimit-Reset-After": "1.25",
          "X-RateLimit-Bucket": "abcd1234",
          "X-RateLimit-Scope": "shared",
        },
        { now },
      ),
    ).toEqual({
      retryAfterMs: 1_250,
      source: "reset-after",
      limits: [{ unit: "requests", limit: 5, remaining: 0, resetMs: 1_250, partition: "abcd1234" }],
      scope: "shared",
    });
  });

  it.each([
    ["exact", "360ms", 60_000],
    ["rounded by a twentieth", "378ms", 60_000],
    ["too far from any round length", "420ms", undefined],
    ["of a second", "6ms", 1_000],
    ["of an hour", "21.6s", 3_600_000],
  ])("the window of a bucket follows from when it is full again: %s", (_, reset, windowMs) => {
    const headers = {
      "x-ratelimit-limit-requests": "500",
      "x-ratelimit-remaining-requests": "497",
      "x-ratelimit-reset-requests": reset,
    };
    expect(parseHints(headers, { now }).limits[0]?.windowMs).toBe(windowMs);
  });

  it.each([
    ["standard", "32/40", { limit: 40, remaining: 8, resetMs: 16_000 }],
    ["Plus", "1/400", { limit: 400, remaining: 399, resetMs: 50 }],
    ["an empty bucket", "0/40", { limit: 40, remaining: 40, resetMs: 0 }],
    ["more than fits", "41/40", { limit: 40, remaining: 0, resetMs: 20_000 }],
  ])("Shopify REST by its preset knows when the bucket is full again: %s", (_, text, expected) => {
    const headers = { "X-Shopify-Shop-Api-Call-Limit": text };
    const hints = parseHints({ status: 200, headers }, { now, provider: "shopify" });
    expect(hints).toEqual({
      source: "none",
      limits: [{ unit: "requests", windowMs: 20_000, ...expected }],
      scope: "unknown",
    });
  });

  it.each(["0/0", "32/0", "32", "/40", "-1/40", "32/40, 33/40", "3.5/40"])("Shopify REST: %s says nothing", (text) => {
    expect(parseHints({ "X-Shopify-Shop-Api-Call-Limit": text }, { now, provider: "shopify" }).limits).toEqual([]);
  });

  it.each([
    ["0.470", 470],
    ["0.0005", 1],
    ["1.2345", 1_235],
    ["64.57", 64_570],
  ])("Discord: %s s keep what is below a second, and no window is made up", (text, resetMs) => {
    const headers = { "X-RateLimit-Limit": "5", "X-RateLimit-Remaining": "4", "X-RateLimit-Reset-After": text };
    expect(parseHints(headers, { now, provider: "discord" }).limits).toEqual([
      { unit: "requests", limit: 5, remaining: 4, resetMs },
    ]);
  });

  it.each([
    [{ "x-ratelimit-global": "true" }, "global"],
    [{ "x-ratelimit-global": "true", "x-ratelimit-scope": "shared" }, "global"],
    [{ "x-ratelimit-scope": "user" }, "user"],
    [{ "x-ratelimit-scope": "global" }, "global"],
    [{ "x-ratelimit-scope": "shared" }, "shared"],
    [{ "x-ratelimit-scope": "planet" }, "unknown"],
    [{ "x-ratelimit-global": "false" }, "unknown"],
  ])("Discord's scope: %o", (headers, scope) => {
    expect(parseHints(headers, { now }).scope).toBe(scope);
  });

  it("a time until full is never a wait", () => {
    const headers = { "x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "6m0s" };
    expect(parseHints({ status: 429, headers }, { now }).retryAfterMs).toBeUndefined();
  });

  it("nor is that of an API whose preset says so, whatever it looks like", () => {
    const headers = {
      "x-ratelimit-limit-requests": "60",
      "x-ratelimit-remaining-requests": "0",
      "x-ratelimit-reset-requests": "60",
    };
    expect(parseHints({ status: 429, headers }, { now, provider: "azure-openai" })).toMatchObject({
      retryAfterMs: 10_000,
      source: "default",
    });
    expect(parseHints({ status: 429, headers }, { now })).toMatchObject({ retryAfterMs: 60_000, source: "reset" });
  });

  it("waits for the longest of the counters that are used up", () => {
    const headers = {
      "x-ratelimit-remaining-minute": "0",
      "x-ratelimit-reset-minute": "20",
      "x-ratelimit-remaining-hour": "0",
      "x-ratelimit-reset-hour": "1200",
      "x-ratelimit-remaining-day": "5",
      "x-ratelimit-reset-day": "40000",
    };
    expect(parseHints(headers, { now })).toMatchObject({ retryAfterMs: 1_200_000, source: "reset" });
  });

  it("a 429 that does not tell what is left means that nothing is", () => {
    const headers = { "x-ratelimit-reset": "20" };
    expect(parseHints({ status: 429, headers }, { now })).toMatchObject({ retryAfterMs: 20_000, source: "reset" });
    expect(parseHints({ status: 200, headers }, { now })).toMatchObject({ source: "none" });
  });
});
