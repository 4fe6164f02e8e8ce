import { describe, expect, it } from "vitest";
import { classifyError, type HintSource } from "../src/index.ts";

const now = Date.parse("2026-11-25T12:00:00Z");

interface Part {
  readonly headers?: Record<string, string>;
  readonly body?: Record<string, unknown>;
  readonly error?: Record<string, unknown>;
  /** ms */
  readonly gives?: number;
}

/** What speaks by each rule, in order of precedence; each names a wait of its own. */
const parts: [HintSource, Part][] = [
  ["terminal", { body: { error: { code: "insufficient_quota" } } }],
  ["retry-after-ms", { headers: { "retry-after-ms": "101" }, gives: 101 }],
  ["retry-after", { headers: { "retry-after": "102" }, gives: 102_000 }],
  ["body", { body: { retry_after: 103 }, gives: 103_000 }],
  ["client", { error: { retryAfter: 104 }, gives: 104_000 }],
  ["ratelimit", { headers: { ratelimit: '"a";r=0;t=105' }, gives: 105_000 }],
  [
    "reset-after",
    { headers: { "x-ratelimit-remaining-hour": "0", "x-ratelimit-reset-after-hour": "106" }, gives: 106_000 },
  ],
  ["reset", { headers: { "x-ratelimit-remaining-minute": "0", "x-ratelimit-reset-minute": "107" }, gives: 107_000 }],
  ["default", { gives: 60_000 }],
];

function waitOf(some: readonly Part[]): [HintSource, number | undefined] {
  const error = Object.assign(new Error("x"), {
    status: 429,
    headers: Object.assign({}, ...some.map(({ headers }) => headers)),
    body: Object.assign({}, ...some.map(({ body }) => body)),
    ...Object.assign({}, ...some.map((one) => one.error)),
  });
  const { hint } = classifyError(error, { now, provider: { defaultWaitMs: 60_000 } });
  return [hint.source, hint.retryAfterMs];
}

describe("each rule alone", () => {
  it.each(parts)("%s", (source, part) => {
    expect(waitOf([part])).toEqual([source, part.gives]);
  });
});

describe("of two rules the better one gives the wait", () => {
  const pairs = parts.flatMap(([better, part], at) =>
    parts.slice(at + 1).map(([worse, other]) => [better, worse, part, other] as const),
  );

  it.each(pairs)("%s before %s", (better, _, part, other) => {
    expect(waitOf([part, other])).toEqual([better, part.gives]);
    expect(waitOf([other, part])).toEqual([better, part.gives]);
  });

  it("that is every pair", () => {
    expect(pairs).toHaveLength((9 * 8) / 2);
  });
});

describe("a rule that says nothing leaves it to the next", () => {
  it.each<[string, Part]>([
    ["retry-after-ms of 0", { headers: { "retry-after-ms": "0" } }],
    ["retry-after-ms of -1", { headers: { "retry-after-ms": "-1" } }],
    ["x-ms-retry-after-ms that is no number", { headers: { "x-ms-retry-after-ms": "NaN" } }],
    ["Retry-After of 0", { headers: { "retry-after": "0" } }],
    ["Retry-After that has passed", { headers: { "retry-after": "Wed, 25 Nov 2026 11:59:59 GMT" } }],
    ["retry_after of -1", { body: { retry_after: -1 } }],
    ["retry_after as text", { body: { retry_after: "soon" } }],
    ["retryAfter of 0", { error: { retryAfter: 0 } }],
    ["retryAfter that is NaN", { error: { retryAfter: Number.NaN } }],
    ["RateLimit with something left", { headers: { ratelimit: '"a";r=1;t=9' } }],
    ["RateLimit with no reset", { headers: { ratelimit: '"a";r=0' } }],
    ["Reset-After of 0", { headers: { "x-ratelimit-remaining": "0", "x-ratelimit-reset-after": "0" } }],
    ["Reset-After of -1", { headers: { "x-ratelimit-remaining": "0", "x-ratelimit-reset-after": "-1" } }],
    ["a reset of 0", { headers: { "x-ratelimit-remaining": "0", "x-ratelimit-reset": "0" } }],
    ["a reset that has passed", { headers: { "x-ratelimit-remaining": "0", "x-ratelimit-reset": "1795607999" } }],
    ["a reset of what is not used up", { headers: { "x-ratelimit-remaining": "1", "x-ratelimit-reset": "9" } }],
    ["a time until full", { headers: { "x-ratelimit-remaining-tokens": "0", "x-ratelimit-reset-tokens": "9s" } }],
  ])("%s", (_, part) => {
    expect(waitOf([part])).toEqual(["default", 60_000]);
  });
});

describe("of several that speak by the same rule the longest counts", () => {
  it.each<[string, HintSource, Record<string, string>, number]>([
    ["items of RateLimit", "ratelimit", { ratelimit: '"a";r=0;t=5, "b";r=0;t=50, "c";r=1;t=500' }, 50_000],
    [
      "times after which",
      "reset-after",
      {
        "x-ratelimit-remaining-hour": "0",
        "x-ratelimit-reset-after-hour": "50",
        "x-ratelimit-remaining-day": "0",
        "x-ratelimit-reset-after-day": "5",
      },
      50_000,
    ],
    [
      "times at which",
      "reset",
      {
        "x-ratelimit-remaining-hour": "0",
        "x-ratelimit-reset-hour": "1795608050",
        "x-ratelimit-remaining-day": "0",
        "x-ratelimit-reset-day": "1795608005",
      },
      50_000,
    ],
  ])("%s", (_, source, headers, gives) => {
    expect(waitOf([{ headers }])).toEqual([source, gives]);
  });
});

it("retry-after-ms comes before x-ms-retry-after-ms, Retry-After before X-RateLimit-Retry-After", () => {
  expect(waitOf([{ headers: { "x-ms-retry-after-ms": "9", "retry-after-ms": "8" } }])).toEqual(["retry-after-ms", 8]);
  expect(waitOf([{ headers: { "x-ratelimit-retry-after": "9", "retry-after": "8" } }])).toEqual(["retry-after", 8_000]);
  expect(waitOf([{ headers: { "x-ms-retry-after-ms": "9", "retry-after-ms": "x" } }])).toEqual(["retry-after-ms", 9]);
  expect(waitOf([{ headers: { "x-ratelimit-retry-after": "9", "retry-after": "0" } }])).toEqual(["retry-after", 9_000]);
});
