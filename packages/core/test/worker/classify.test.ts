import { throttled } from "headgate/worker";
import { describe, expect, it } from "vitest";
import { classifyError } from "../../src/worker/classify.ts";

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
