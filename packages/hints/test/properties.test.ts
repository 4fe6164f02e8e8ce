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
  if (!["user", "global", "shared", "unknown"].includes(scope)) throw new Error(`scope ${scope}`);
  for (const { unit, partition, ...counts } of limits) {
    if (typeof unit !== "string" || unit === "") throw new Error("unit");
    if (partition !== undefined && typeof partition !== "string") throw new Error("partition");
    for (const [name, value] of Object.entries(counts)) {
      if (!Number.isSafeInteger(value) || value < 0) throw new Error(`${name} ${value}`);
    }
  }
}

/** Holds `check` over random inputs; gives what each call took (ms). */
function timesOf<Input>(
  inputs: fc.Arbitrary<Input>,
  check: (input: Input, provider: string | undefined) => Hints,
): number[] {
  const took: number[] = [];
  const provider = fc.constantFrom(undefined, ...Object.keys(providers));
  fc.assert(
    fc.property(inputs, provider, (input, name) => {
      const start = performance.now();
      const hints = check(input, name);
      took.push(performance.now() - start);
      sound(hints);
    }),
    { numRuns: RUNS },
  );
  return took;
}

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
  ].sort((one, other) => one - other);
  expect(took.length).toBeGreaterThanOrEqual(2 * RUNS);
  const [median = Number.NaN, most = Number.NaN] = [0.5, 0.99].map(
    (share) => (took[Math.floor(share * took.length)] ?? 0) * 1_000,
  );
  console.log(`${took.length} inputs: median ${median.toFixed(1)} us, 99 % within ${most.toFixed(1)} us`);
  expect(median).toBeLessThan(MEDIAN_MOST_US);
}, 120_000);

it.each([
  ["now", { now: Number.NaN }],
  ["now", { now: Number.POSITIVE_INFINITY }],
  ["maxWaitMs", { maxWaitMs: Number.POSITIVE_INFINITY }],
  ["maxWaitMs", { maxWaitMs: -1 }],
  ["windowMs", { provider: { windowMs: Number.NaN } }],
])("a bad option does not get through: %s", (_, bad) => {
  sound(parseHints({ "retry-after": "9".repeat(400), "x-ratelimit-limit": "9".repeat(400) }, bad));
});
