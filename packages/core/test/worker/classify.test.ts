import { throttled } from "headgate/worker";
import { describe, expect, it } from "vitest";
import { classifyError, classifyReport } from "../../src/worker/classify.ts";

const own = throttled({ retryAfterMs: 4_000 });
const wrapper = (properties: object): Error => Object.assign(new Error("Connection error."), properties);

describe("an error of ours inside one of a client library", () => {
  it.each<[string, unknown]>([
    ["none around it", own],
    ["openai, Anthropic", wrapper({ cause: own })],
    ["octokit, which makes it a 500", wrapper({ status: 500, cause: own })],
    ["Stripe", wrapper({ type: "StripeConnectionError", detail: own, raw: { detail: own } })],
    ["the AI SDK", wrapper({ lastError: wrapper({ cause: own }), errors: [] })],
    ["several at once", new AggregateError([new Error("x"), wrapper({ cause: own })])],
  ])("%s", (_, error) => {
    expect(classifyError(error, null)).toMatchObject({ throttled: true, terminal: false, retryAfterMs: 4_000 });
  });

  it("keeps that a quota is spent", () => {
    const spent = throttled({ retryAfterMs: 5_000, terminal: true });
    expect(classifyError(wrapper({ cause: spent }), null)).toMatchObject({ terminal: true, retryAfterMs: 5_000 });
  });

  it("is not looked for for ever", () => {
    const deep = Array(20)
      .fill(0)
      .reduce((cause: unknown) => wrapper({ cause }), own);
    expect(classifyError(deep, null).throttled).toBe(false);
    const cycle = wrapper({});
    Object.assign(cycle, { cause: cycle, errors: [cycle, cycle] });
    expect(classifyError(cycle, null).throttled).toBe(false);
  });
});

it.each<[string, () => unknown]>([
  [
    "a revoked proxy",
    () => {
      const { proxy, revoke } = Proxy.revocable({}, {});
      revoke();
      return proxy;
    },
  ],
  [
    "a getter that throws",
    () =>
      Object.defineProperty(new Error("x"), "cause", {
        get() {
          throw own;
        },
      }),
  ],
  ["nothing", () => undefined],
  ["text", () => "429"],
])("%s is a plain failure, and does not break the worker", (_, make) => {
  expect(classifyError(make(), null)).toMatchObject({ throttled: false, terminal: false });
});

describe("what ctx.report is given", () => {
  const headers = { "x-ratelimit-limit": "9", "x-ratelimit-remaining": "8" };
  const known = [{ unit: "requests", limit: 9, remaining: 8 }];
  const throttleStatus = { maximumAvailable: 1_000, currentlyAvailable: 950, restoreRate: 50 };
  const graphql = { requestedQueryCost: 90, throttleStatus };

  it.each<[string, unknown, object]>([
    ["a Response", new Response("{}", { headers }), { throttled: false, limits: known }],
    ["headers alone", headers, { throttled: false, limits: known }],
    ["Headers", new Headers(headers), { throttled: false, limits: known }],
    ["headers alone that ask for a wait", { "retry-after": "7" }, { throttled: true, retryAfterMs: 7_000 }],
    [
      "what axios answers",
      { status: 200, headers, data: { code: "rate_limited" } },
      { throttled: false, limits: known },
    ],
    ["an error", Object.assign(new Error("x"), { status: 429, headers }), { throttled: true, limits: known }],
    ["an error of another realm", { message: "x", response: { status: 429, headers } }, { throttled: true }],
    ["what rate-limiter-flexible rejects with", { msBeforeNext: 700, consumedPoints: 3 }, { retryAfterMs: 700 }],
    [
      "what @shopify/graphql-client returns",
      { headers: new Headers(), data: { type: "RATE_LIMITED" }, extensions: { cost: graphql } },
      { throttled: false, limits: [expect.objectContaining({ unit: "cost", remaining: 950 })] },
    ],
    [
      "… when it was refused",
      { errors: { networkStatusCode: 429, response: { status: 429, headers: new Headers({ "retry-after": "2.0" }) } } },
      { throttled: true, retryAfterMs: 2_000 },
    ],
    ["our own error", throttled({ retryAfterMs: 300 }), { throttled: true, retryAfterMs: 300 }],
    ["nothing", undefined, { throttled: false, limits: [] }],
    ["a plain failure", new Error("x"), { throttled: false, limits: [] }],
  ])("%s", (_, heard, expected) => {
    expect(classifyReport(heard, null)).toMatchObject(expected);
  });
});
