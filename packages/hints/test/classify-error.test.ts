import { describe, expect, it } from "vitest";
import { classifyError } from "../src/index.ts";

const now = Date.parse("2026-11-25T12:00:00Z");
const withProperties = (properties: object): Error => Object.assign(new Error("x"), properties);

describe("shapes", () => {
  const after = { "retry-after": "7" };
  it.each<[string, object, number | undefined]>([
    ["openai", { status: 429, headers: new Headers(after), code: "rate_limit_exceeded", error: { code: "x" } }, 429],
    ["stripe", { statusCode: 429, headers: after, type: "StripeRateLimitError", raw: {} }, 429],
    ["octokit", { status: 403, response: { status: 403, headers: after, data: {} } }, 403],
    ["hubspot", { code: 429, headers: after, body: {} }, 429],
    ["axios", { code: "ERR_BAD_REQUEST", response: { status: 429, headers: after } }, 429],
    ["got", { code: "ERR_NON_2XX_3XX_RESPONSE", response: { statusCode: 429, headers: after, body: "x" } }, 429],
    ["ky", { response: new Response("x", { status: 429, headers: after }) }, 429],
    ["undici", { code: "UND_ERR_RESPONSE", statusCode: 429, headers: after, body: "x" }, 429],
    ["AI SDK", { statusCode: 429, responseHeaders: after, responseBody: "{}" }, 429],
    ["shopify", { response: { code: 429, headers: {}, retryAfter: 7 } }, 429],
    ["slack", { code: "slack_webapi_rate_limited_error", retryAfter: 7 }, undefined],
    ["@discordjs/rest", { retryAfter: 7_000, timeToReset: 7_000, global: false, limit: 5 }, undefined],
    ["rate-limiter-flexible", { msBeforeNext: 7_000, remainingPoints: 0, consumedPoints: 3 }, undefined],
    ["a wrapper", { cause: withProperties({ cause: withProperties({ status: 429, headers: after }) }) }, 429],
    ["a last attempt", { lastError: withProperties({ status: 429, headers: after }), errors: [] }, 429],
    ["graphql-request", { response: { status: 429, headers: after, errors: [{ message: "x" }], data: {} } }, 429],
    ["superagent", { status: 429, response: { status: 429, headers: after, body: {}, error: new Error("x") } }, 429],
    [
      "Azure's RestError",
      { statusCode: 429, code: "TooMany", response: { status: 429, headers: new Map(Object.entries(after)) } },
      429,
    ],
  ])("%s", (_, properties, status) => {
    const { throttled, terminal, hint, status: seen } = classifyError(withProperties(properties), { now });
    expect({ throttled, terminal, wait: hint.retryAfterMs, seen }).toEqual({
      throttled: true,
      terminal: false,
      wait: 7_000,
      seen: status,
    });
  });

  it("@google/genai keeps the body in the message", () => {
    const retryDelay = "7s";
    const details = [{ "@type": "type.googleapis.com/google.rpc.RetryInfo", retryDelay }];
    const message = JSON.stringify({ error: { code: 429, status: "RESOURCE_EXHAUSTED", details } });
    expect(classifyError(Object.assign(new Error(message), { status: 429 })).hint).toMatchObject({
      retryAfterMs: 7_000,
      source: "body",
    });
  });

  it("a body that has not been read leaves it to the error's own code", () => {
    for (const body of [new ReadableStream(), { pipe: () => undefined }]) {
      expect(classifyError(withProperties({ status: 429, code: "insufficient_quota", body })).terminal).toBe(true);
    }
  });

  const refused = withProperties({ status: 429, headers: after });
  const slack = withProperties({ code: "slack_webapi_rate_limited_error", retryAfter: 7 });
  it.each<[string, unknown, number | undefined]>([
    ["what failed together", new AggregateError([withProperties({ status: 500 }), refused]), 429],
    ["a client's error without a status", withProperties({ cause: slack }), undefined],
    ["… among others", new AggregateError([withProperties({ status: 500 }), slack]), undefined],
    ["a wrapper around what failed together", withProperties({ cause: new AggregateError([refused]) }), 429],
    ["wrappers around each of them", new AggregateError([withProperties({ cause: refused })]), 429],
    ["a thrown object", { cause: { errors: [{ response: { statusCode: 429, headers: after } }] } }, 429],
  ])("is found inside %s", (_, error, status) => {
    expect(classifyError(error, { now })).toMatchObject({
      throttled: true,
      terminal: false,
      status,
      hint: { retryAfterMs: 7_000 },
    });
  });

  it.each<[string, unknown, number | undefined]>([
    ["an error with a status of its own is not opened", withProperties({ status: 404, cause: refused }), 404],
    ["several failures are a failure", new AggregateError([withProperties({ status: 500 }), new Error("x")]), 500],
    [
      "a chain has an end",
      Array(12)
        .fill(0)
        .reduce((cause: unknown) => withProperties({ cause }), refused),
      undefined,
    ],
  ])("%s", (_, error, status) => {
    expect(classifyError(error)).toMatchObject({ throttled: false, status });
  });

  it("a code says that it is terminal", () => {
    const error = withProperties({ status: 429, code: "insufficient_quota", error: { code: "insufficient_quota" } });
    expect(classifyError(error)).toMatchObject({
      throttled: true,
      terminal: true,
      hint: { terminal: true, source: "terminal" },
    });
  });
});

it.each<[string, unknown]>([
  ["a name", Object.assign(new Error("x"), { name: "RateLimitError" })],
  ["a message", new Error("429 Too Many Requests: rate limit exceeded")],
  ["a network error", withProperties({ code: "ECONNRESET" })],
  ["a plain failure", withProperties({ status: 500, headers: {} })],
  ["an overload without a time", withProperties({ status: 503 })],
  ["a number that is no status", withProperties({ code: 50_035 })],
  ["nothing", undefined],
  ["text", "429"],
])("not by %s", (_, error) => {
  expect(classifyError(error)).toMatchObject({ throttled: false, terminal: false, hint: { source: "none" } });
});
