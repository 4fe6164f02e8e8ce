import type { Dialect, State } from "./dialect.ts";

const WINDOW = { kind: "window", unit: "requests", amount: 500, perMs: 10_000 } as const;
const MINUTE = { kind: "bucket", unit: "requests", amount: 3_000, perMs: 60_000, burst: 3_000 } as const;
/** Of a minute's bucket: the rest counts as goodput, so it is small. */
const MINUTE_USED = 2_980;

const seconds = (ms: number): string => String(Math.ceil(ms / 1_000));
const epoch = (now: number, ms: number): string => String(Math.ceil((now + ms) / 1_000));

/** `X-RateLimit-*` in one spelling, its reset written by `reset`. */
const legacy =
  (reset: (state: State) => string, prefix = "x-ratelimit-") =>
  (state: State) => ({
    headers: {
      [`${prefix}limit`]: String(state.amount),
      [`${prefix}remaining`]: String(state.left),
      [`${prefix}reset`]: reset(state),
    },
  });

/** `6m0s`, `1.5s`, `12ms`, as OpenAI writes it. */
function duration(ms: number): string {
  if (ms < 1_000) return `${Math.ceil(ms)}ms`;
  return ms < 60_000 ? `${Math.ceil(ms) / 1_000}s` : `${Math.floor(ms / 60_000)}m${Math.ceil((ms % 60_000) / 1_000)}s`;
}

/** Every form in which a successful answer tells of a limit; shared with packages/hints by its recorded exchanges. */
export const dialects: readonly Dialect[] = [
  {
    name: "draft-8",
    rule: WINDOW,
    says: ({ amount, left, resetMs }) => ({
      headers: { "ratelimit-policy": `"api";q=${amount};w=10`, ratelimit: `"api";r=${left};t=${seconds(resetMs)}` },
    }),
  },
  {
    name: "draft-7",
    rule: WINDOW,
    says: ({ amount, left, resetMs }) => ({
      headers: {
        "ratelimit-policy": `${amount};w=10`,
        ratelimit: `limit=${amount}, remaining=${left}, reset=${seconds(resetMs)}`,
      },
    }),
  },
  {
    name: "draft-6",
    rule: WINDOW,
    says: ({ amount, left, resetMs }) => ({
      headers: {
        "ratelimit-policy": `${amount};w=10`,
        "ratelimit-limit": String(amount),
        "ratelimit-remaining": String(left),
        "ratelimit-reset": seconds(resetMs),
      },
    }),
  },
  { name: "epoch-s", rule: WINDOW, says: legacy(({ now, resetMs }) => epoch(now, resetMs)) },
  { name: "epoch-ms", rule: WINDOW, says: legacy(({ now, resetMs }) => String(Math.ceil(now + resetMs))) },
  { name: "delta-s", rule: WINDOW, says: legacy(({ resetMs }) => seconds(resetMs)) },
  {
    name: "delta-ms",
    provider: { reset: "ms" },
    rule: WINDOW,
    says: legacy(({ resetMs }) => String(Math.ceil(resetMs))),
  },
  { name: "date", rule: WINDOW, says: legacy(({ now, resetMs }) => new Date(now + resetMs + 999).toUTCString()) },
  { name: "x", rule: WINDOW, says: legacy(({ now, resetMs }) => epoch(now, resetMs), "x-rate-limit-") },
  {
    name: "whoop",
    rule: WINDOW,
    says: ({ amount, left, resetMs }) => ({
      headers: {
        "x-ratelimit-limit": `${amount}, ${amount};window=10, 1000000;window=86400`,
        "x-ratelimit-remaining": String(left),
        "x-ratelimit-reset": seconds(resetMs),
      },
    }),
  },
  {
    name: "kong",
    rule: { ...WINDOW, amount: 50, perMs: 1_000 },
    says: ({ amount, left }) => ({
      headers: { "x-ratelimit-limit-second": String(amount), "x-ratelimit-remaining-second": String(left) },
    }),
  },
  {
    name: "github",
    provider: "github",
    rule: WINDOW,
    says: (state) => ({
      status: state.accepted ? 200 : 403,
      headers: {
        ...legacy(({ now, resetMs }) => epoch(now, resetMs))(state).headers,
        "x-ratelimit-used": String(state.amount - state.left),
        "x-ratelimit-resource": "core",
      },
      body: state.accepted ? {} : { message: "API rate limit exceeded" },
    }),
  },
  {
    name: "discord",
    provider: "discord",
    rule: { ...WINDOW, amount: 50, perMs: 1_000 },
    says: ({ accepted, amount, left, resetMs, now }) => ({
      headers: {
        "x-ratelimit-limit": String(amount),
        "x-ratelimit-remaining": String(left),
        "x-ratelimit-reset": ((now + resetMs) / 1_000).toFixed(3),
        "x-ratelimit-reset-after": (resetMs / 1_000).toFixed(3),
        "x-ratelimit-bucket": "a0b1c2",
        ...(accepted ? {} : { "retry-after": seconds(resetMs), "x-ratelimit-scope": "user" }),
      },
      body: accepted ? {} : { message: "You are being rate limited.", retry_after: resetMs / 1_000, global: false },
    }),
  },
  {
    name: "hubspot",
    provider: "hubspot",
    rule: WINDOW,
    says: ({ accepted, amount, left }) => ({
      headers: {
        "x-hubspot-ratelimit-max": String(amount),
        "x-hubspot-ratelimit-remaining": String(left),
        "x-hubspot-ratelimit-interval-milliseconds": "10000",
        "x-hubspot-ratelimit-daily": "1000000",
        "x-hubspot-ratelimit-daily-remaining": "900000",
      },
      body: accepted ? {} : { status: "error", errorType: "RATE_LIMIT", policyName: "TEN_SECONDLY_ROLLING" },
    }),
  },
  {
    name: "openai",
    provider: "openai",
    rule: MINUTE,
    usedBefore: MINUTE_USED,
    says: ({ accepted, amount, left, resetMs }) => ({
      headers: {
        "x-ratelimit-limit-requests": String(amount),
        "x-ratelimit-remaining-requests": String(left),
        "x-ratelimit-reset-requests": duration(resetMs),
        "x-ratelimit-limit-tokens": "9000000",
        "x-ratelimit-remaining-tokens": "8990000",
        "x-ratelimit-reset-tokens": "67ms",
      },
      body: accepted ? {} : { error: { code: "rate_limit_exceeded", type: "requests", message: "…", param: null } },
    }),
  },
  {
    name: "azure-openai",
    provider: "azure-openai",
    rule: MINUTE,
    usedBefore: MINUTE_USED,
    says: ({ accepted, amount, left, resetMs, waitMs }) => ({
      headers: {
        "x-ratelimit-limit-requests": String(amount),
        "x-ratelimit-remaining-requests": String(left),
        "x-ratelimit-reset-requests": seconds(resetMs),
        "x-ratelimit-limit-tokens": "-1",
        "x-ratelimit-remaining-tokens": "-1",
        ...(accepted ? {} : { "retry-after-ms": String(Math.ceil(waitMs)) }),
      },
    }),
  },
  {
    name: "anthropic",
    provider: "anthropic",
    rule: MINUTE,
    usedBefore: MINUTE_USED,
    says: ({ accepted, amount, left, resetMs, waitMs, now }) => ({
      headers: {
        "anthropic-ratelimit-requests-limit": String(amount),
        "anthropic-ratelimit-requests-remaining": String(left),
        "anthropic-ratelimit-requests-reset": `${new Date(now + resetMs + 999).toISOString().slice(0, 19)}Z`,
        ...(accepted ? {} : { "retry-after": seconds(waitMs) }),
      },
      body: accepted ? {} : { type: "error", error: { type: "rate_limit_error", message: "…" } },
    }),
  },
  {
    name: "shopify-rest",
    provider: "shopify",
    // A full bucket leaks in 20 s, on every plan.
    rule: { kind: "bucket", unit: "requests", amount: 50, perMs: 1_000, burst: 1_000 },
    usedBefore: 980,
    says: ({ accepted, left, waitMs }) => ({
      headers: {
        "x-shopify-shop-api-call-limit": `${1_000 - left}/1000`,
        ...(accepted ? {} : { "retry-after": Math.max(1, waitMs / 1_000).toFixed(1) }),
      },
    }),
  },
  {
    name: "shopify-cost",
    provider: "shopify",
    rule: { kind: "bucket", unit: "tokens", amount: 500, perMs: 1_000, burst: 10_000 },
    usedBefore: 9_800,
    cost: 10,
    says: ({ accepted, left }) => ({
      status: 200,
      headers: {},
      body: {
        ...(accepted ? { data: {} } : { errors: [{ message: "Throttled", extensions: { code: "THROTTLED" } }] }),
        extensions: {
          cost: {
            requestedQueryCost: 10,
            throttleStatus: { maximumAvailable: 10_000, currentlyAvailable: left, restoreRate: 500 },
          },
        },
      },
    }),
  },
];

export const dialectNames: readonly string[] = dialects.map(({ name }) => name);

export function dialectOf(name: string): Dialect {
  const found = dialects.find((one) => one.name === name);
  if (found === undefined) throw new Error(`no dialect ${name}`);
  return found;
}
