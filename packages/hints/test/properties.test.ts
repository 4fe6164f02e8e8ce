import fc from "fast-check";
import { expect, it } from "vitest";
import { classifyError, type Hints, parseHints, providers } from "../src/index.ts";
import { anyError, anyHeaders } from "./support/hostile.ts";

const DAY = 86_400_000;
const SOURCES = new Set(
  "terminal retry-after-ms retry-after body client ratelimit reset-after reset default none".split(" "),
);

/** Of each kind: 100,000 together. */
const RUNS = 50_000;
const MEDIAN_MOST_US = 20;

function sound(hints: Hints): void {
  const { retryAfterMs, source, terminal, limits, scope } = hints;
  if (retryAfterMs !== undefined && !(Number.isInteger(retryAfterMs) && retryAfterMs > 0 && retryAfterMs <= DAY)) {
    throw new Error(`wait ${retryAfterMs}`);
  }
  if (!SOURCES.has(source)) throw new Error(`source ${source}`);
  if (terminal !== undefined && terminal !== true) throw new Error(`terminal ${terminal}`);
  if (!["user", "global", "shared", "secondary", "unknown"].includes(scope)) throw new Error(`scope ${scope}`);
  for (const { unit, partition, ...counts } of limits) {
    if (typeof unit !== "string" || unit === "") throw new Error("unit");
    if (partition !== undefined && typeof partition !== "string") throw new Error("partition");
    for (const [name, value] of Object.entries(counts)) {
      if (!Number.isSafeInteger(value) || value < 0) throw new Error(`${name} ${value}`);
    }
  }
}

interface Took {
  /** ms */
  readonly first: number;
  /** The same input once more, without what else the machine does: the better of the two. */
  readonly best: number;
}

/** Holds `check` over random inputs; gives what each call took. */
function timesOf<Input>(
  inputs: fc.Arbitrary<Input>,
  check: (input: Input, provider: string | undefined) => Hints,
): Took[] {
  const took: Took[] = [];
  const provider = fc.constantFrom(undefined, ...Object.keys(providers));
  fc.assert(
    fc.property(inputs, provider, (input, name) => {
      const start = performance.now();
      const hints = check(input, name);
      const between = performance.now();
      check(input, name);
      const first = between - start;
      took.push({ first, best: Math.min(first, performance.now() - between) });
      sound(hints);
    }),
    { numRuns: RUNS },
  );
  return took;
}

/** us */
const shareOf = (all: readonly number[], share: number): number =>
  (all.toSorted((one, other) => one - other)[Math.floor(share * all.length)] ?? Number.NaN) * 1_000;

const options = (provider: string | undefined) =>
  provider === undefined ? {} : { provider: provider as keyof typeof providers };

it("any header bytes, any error: no throw, no NaN, no bad wait, in time", () => {
  const took = [
    ...timesOf(anyHeaders, (headers, provider) => parseHints({ status: 429, headers }, options(provider))),
    ...timesOf(anyError, ({ error }, provider) => {
      const { throttled, terminal, hint, status } = classifyError(error, options(provider));
      if (typeof throttled !== "boolean" || typeof terminal !== "boolean") throw new Error("no answer");
      if (terminal && !throttled) throw new Error("terminal, but not throttled");
      if (status !== undefined && !(status >= 100 && status <= 599)) throw new Error(`status ${status}`);
      return hint;
    }),
  ];
  expect(took.length).toBeGreaterThanOrEqual(2 * RUNS);
  const first = took.map((one) => one.first);
  const best = took.map((one) => one.best);
  const [median, most] = [shareOf(best, 0.5), shareOf(best, 0.99)];
  console.log(
    `${took.length} inputs: median ${median.toFixed(1)} us, 99 % within ${most.toFixed(1)} us; when first seen ${shareOf(first, 0.5).toFixed(1)} us`,
  );
  expect(median).toBeLessThan(MEDIAN_MOST_US);
}, 240_000);

it.each([
  ["now", { now: Number.NaN }],
  ["now", { now: Number.POSITIVE_INFINITY }],
  ["maxWaitMs", { maxWaitMs: Number.POSITIVE_INFINITY }],
  ["maxWaitMs", { maxWaitMs: -1 }],
  ["maxWaitMs", { maxWaitMs: 0.5 }],
  ["windowMs", { provider: { windowMs: Number.NaN } }],
])("a bad option does not get through: %s", (_, bad) => {
  sound(parseHints({ "retry-after": "9".repeat(400), "x-ratelimit-limit": "9".repeat(400) }, bad));
});
