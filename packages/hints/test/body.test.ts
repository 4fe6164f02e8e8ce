import { describe, expect, it } from "vitest";
import { classifyResponse, parseHints } from "../src/index.ts";

const now = Date.parse("2026-11-25T12:00:00Z"); // 04:00 in California
const answer = (status: number, body: unknown) => classifyResponse({ status, headers: {}, body }, { now });

const gemini = (quotaId: string, retryDelay: string) => ({
  error: {
    code: 429,
    status: "RESOURCE_EXHAUSTED",
    message: "Quota exceeded. Please retry in 55s.",
    details: [
      { "@type": "type.googleapis.com/google.rpc.QuotaFailure", violations: [{ quotaId }] },
      { "@type": "type.googleapis.com/google.rpc.RetryInfo", retryDelay },
    ],
  },
});

describe("Gemini", () => {
  it("waits what RetryInfo says", () => {
    const body = gemini("GenerateRequestsPerMinutePerProjectPerModel-FreeTier", "55s");
    expect(answer(429, body)).toMatchObject({
      throttled: true,
      terminal: false,
      hint: { retryAfterMs: 55_000, source: "body" },
    });
    expect(answer(429, JSON.stringify([body])).hint.retryAfterMs).toBe(55_000);
  });

  it("a daily quota is terminal until midnight in California, whatever RetryInfo says", () => {
    const quotaId = "GenerateRequestsPerDayPerProjectPerModel-FreeTier";
    expect(answer(429, gemini(quotaId, "36s"))).toMatchObject({
      terminal: true,
      hint: { retryAfterMs: 20 * 3_600_000, source: "terminal", terminal: true },
    });
  });

  it("a limit of 0 is terminal for good", () => {
    const body = gemini("GenerateRequestsPerMinutePerProjectPerModel-FreeTier", "36s");
    body.error.message = "Quota exceeded for metric: x, limit: 0, model: gemini";
    const { terminal, hint } = answer(429, body);
    expect(terminal).toBe(true);
    expect(hint.retryAfterMs).toBeUndefined();
  });
});

describe("codes", () => {
  it.each([
    ["OpenAI", { error: { message: "x", type: "insufficient_quota", param: null, code: "credit_balance_exhausted" } }],
    ["OpenAI before", { error: { message: "x", type: "insufficient_quota", param: null, code: "insufficient_quota" } }],
    ["OpenAI's project", { error: { message: "x", type: "insufficient_quota", code: "project_spend_limit_exceeded" } }],
    [
      "Anthropic",
      { type: "error", error: { type: "rate_limit_error", details: { error_code: "enforced_spend_limit_reached" } } },
    ],
  ])("%s: terminal, no wait", (_, body) => {
    const { throttled, terminal, hint } = classifyResponse(
      { status: 429, headers: { "retry-after": "20" }, body },
      { now },
    );
    expect({ throttled, terminal, source: hint.source, wait: hint.retryAfterMs }).toEqual({
      throttled: true,
      terminal: true,
      source: "terminal",
      wait: undefined,
    });
  });

  it.each([
    ["OpenAI slow_down", 503, { error: { type: "rate_limit_error", code: "slow_down" } }, true],
    ["Anthropic overloaded", 529, { type: "error", error: { type: "overloaded_error" } }, true],
    ["Notion overloaded", 529, { code: "service_overload" }, true],
    [
      "OpenAI's type beside a retryable code",
      429,
      { error: { type: "insufficient_quota", code: "rate_limit_exceeded" } },
      true,
    ],
    ["Slack on 200", 200, { ok: false, error: "ratelimited" }, true],
    ["GitHub GraphQL on 200", 200, { errors: [{ type: "RATE_LIMITED" }] }, true],
    ["Shopify on 200", 200, { errors: [{ message: "Throttled", extensions: { code: "THROTTLED" } }] }, true],
    ["X", 403, { errors: [{ code: 88, message: "Rate limit exceeded" }] }, true],
    ["problem type", 503, { type: "https://iana.org/assignments/http-problem-types#temporary-reduced-capacity" }, true],
    ["problem type of a quota", 403, { type: "https://iana.org/assignments/http-problem-types#quota-exceeded" }, true],
    ["… of abuse", 403, { type: "https://iana.org/assignments/http-problem-types#abnormal-usage-detected" }, true],
    ["another problem type", 503, { type: "https://iana.org/assignments/http-problem-types#date" }, false],
    ["a type of the same name elsewhere", 403, { type: "https://example.com/problems#quota-exceeded" }, false],
    ["Stripe's 503 without a code", 503, { error: { type: "api_error" } }, false],
    ["plain 503", 503, { error: "down" }, false],
    ["plain 529", 529, {}, false],
    ["plain 403", 403, { message: "Forbidden" }, false],
    ["a message alone", 500, { message: "rate limit exceeded, too many requests" }, false],
    ["a record that has such a code", 200, { code: "rate_limited", data: [] }, false],
  ])("%s", (_, status, body, throttled) => {
    expect(answer(status, body)).toMatchObject({ throttled, terminal: false, status });
  });
});

it("Discord: seconds with fractions, global", () => {
  expect(answer(429, { message: "You are being rate limited.", retry_after: 0.65, global: true }).hint).toEqual({
    retryAfterMs: 650,
    source: "body",
    limits: [],
    scope: "global",
  });
});

it.each([{ status: 429 }, { statusCode: 429 }, { status: 429, body: "slow down" }, { status: 429, body: null }])(
  "a status alone is enough: %o",
  (response) => {
    expect(classifyResponse(response)).toMatchObject({ throttled: true, status: 429, hint: { source: "none" } });
  },
);

it.each(["stripe-should-retry", "x-should-retry"])("%s is about one call, not about a limit", (name) => {
  for (const should of ["true", "false"]) {
    const headers = { [name]: should };
    expect(classifyResponse({ status: 429, headers })).toMatchObject({ throttled: true, terminal: false });
    expect(classifyResponse({ status: 409, headers })).toMatchObject({ throttled: false });
    expect(classifyResponse({ status: 503, headers })).toMatchObject({ throttled: false });
  }
});

it("HubSpot: the daily count is terminal, ten seconds are not", () => {
  const body = { status: "error", errorType: "RATE_LIMIT", policyName: "TEN_SECONDLY_ROLLING" };
  expect(answer(429, body)).toMatchObject({ terminal: false, hint: { retryAfterMs: 10_000, source: "default" } });
  expect(answer(429, { ...body, policyName: "DAILY" })).toMatchObject({
    terminal: true,
    hint: { retryAfterMs: 3_600_000, source: "terminal" },
  });
});

it("GitHub: the secondary limit waits a minute, unless something better is said", () => {
  const body = {
    message: "You have exceeded a secondary rate limit.",
    documentation_url: "https://docs.github.com/rest/overview/rate-limits-for-the-rest-api#about-secondary-rate-limits",
  };
  expect(answer(403, body)).toMatchObject({
    throttled: true,
    hint: { retryAfterMs: 60_000, source: "default", scope: "secondary" },
  });
  expect(classifyResponse({ status: 403, headers: { "retry-after": "90" }, body }).hint.retryAfterMs).toBe(90_000);
});

it("GitHub: the primary limit is a 403 too", () => {
  const headers = { "x-ratelimit-remaining": "0", "x-ratelimit-reset": String(now / 1_000 + 600) };
  expect(classifyResponse({ status: 403, headers }, { now })).toMatchObject({
    throttled: true,
    hint: { retryAfterMs: 600_000, source: "reset" },
  });
});

it("Shopify: what is missing, at the rate it comes back", () => {
  const cost = (requestedQueryCost: number, currentlyAvailable: number) => ({
    requestedQueryCost,
    actualQueryCost: null,
    throttleStatus: { maximumAvailable: 1000, currentlyAvailable, restoreRate: 50 },
  });
  const limit = { unit: "cost", limit: 1000, windowMs: 20_000 };
  const refused = { errors: [{ message: "Throttled" }], extensions: { cost: cost(502, 202) } };
  expect(answer(200, refused)).toMatchObject({
    throttled: true,
    hint: { retryAfterMs: 6_000, source: "body", limits: [{ ...limit, remaining: 202, resetMs: 15_960 }] },
  });
  const restored = { errors: [{ message: "Throttled" }], extensions: { cost: cost(502, 600) } };
  expect(answer(200, restored)).toMatchObject({ throttled: true, hint: { source: "none" } });
  const other = { errors: [{ message: "Field is missing" }], extensions: { cost: cost(502, 202) } };
  expect(answer(200, other)).toMatchObject({ throttled: false, hint: { source: "none" } });
  expect(parseHints({ status: 200, headers: {}, body: { data: {}, extensions: { cost: cost(12, 950) } } })).toEqual({
    source: "none",
    limits: [{ ...limit, remaining: 950, resetMs: 1_000 }],
    scope: "unknown",
  });
});
