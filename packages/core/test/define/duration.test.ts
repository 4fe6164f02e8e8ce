import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Duration, parseDuration } from "../../src/define/duration.ts";
import { isHeadgateError } from "../../src/errors.ts";

const DAY_MS = 86_400_000;

describe("a duration", () => {
  it.each<[Duration, number]>([
    ["250ms", 250],
    ["30s", 30_000],
    ["1.5h", 5_400_000],
    ["2m", 120_000],
    ["1d", DAY_MS],
    ["0s", 0],
    [0, 0],
    [1_234, 1_234],
    ["400d", 400 * DAY_MS],
    ["1.1h", 3_960_000],
    ["1.5ms", 2],
    [1_000 / 3, 333],
  ])("%s is %d ms", (input, ms) => {
    expect(parseDuration(input)).toBe(ms);
  });

  it.each([
    "",
    "30",
    "s",
    "30 s",
    " 30s",
    "30S",
    "1e3s",
    "-1s",
    "+1s",
    "1.s",
    ".5s",
    "1h30m",
    "30sec",
    "٣s",
    "401d",
    -1,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    400 * DAY_MS + 1,
    null,
    undefined,
    {},
    [],
    true,
    "1s\n",
    "0.0004s",
    "0.4ms",
    0.3,
  ])("is not %j", (input) => {
    let thrown: unknown;
    try {
      parseDuration(input as Duration);
    } catch (error) {
      thrown = error;
    }
    expect(isHeadgateError(thrown, "HG_OPTION_INVALID")).toBe(true);
    expect((thrown as Error).message).toContain("400 days");
  });

  it("means the same in every unit", () => {
    const units = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: DAY_MS } as const;
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 400 }),
        fc.constantFrom(...(Object.keys(units) as (keyof typeof units)[])),
        (count, unit) => {
          expect(parseDuration(`${count}${unit}`)).toBe(count * units[unit]);
        },
      ),
    );
  });

  it("is whole milliseconds, as Redis and BullMQ need them, and 0 only where it says 0", () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1e9, noNaN: true }), (input) => {
        try {
          const ms = parseDuration(input);
          expect(Number.isInteger(ms)).toBe(true);
          expect(ms === 0).toBe(input === 0);
        } catch (error) {
          expect(isHeadgateError(error, "HG_OPTION_INVALID")).toBe(true);
          expect(input).toBeLessThan(0.5);
        }
      }),
    );
  });

  it("is a number of milliseconds, or throws: never NaN, never negative, whatever comes", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.double(), fc.anything()), (input) => {
        try {
          const ms = parseDuration(input as Duration);
          expect(ms).toBeGreaterThanOrEqual(0);
          expect(ms).toBeLessThanOrEqual(400 * DAY_MS);
        } catch (error) {
          expect(isHeadgateError(error, "HG_OPTION_INVALID")).toBe(true);
        }
      }),
    );
  });
});
