import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { useRedis } from "../support/redis.ts";
import { luaLib } from "./lib.ts";

const space = useRedis();

/** Ends jobs at the given times and answers the rate that is believed at `at`. */
const RATES = `
  local pulse = { sum = 0, at = 0, began = 0 }
  local rates, next_end = {}, 1
  for index, at in ipairs(input.at) do
    while input.ends[next_end] and input.ends[next_end] <= at do
      drain_count(pulse, input.ends[next_end], 1)
      next_end = next_end + 1
    end
    rates[index] = drain_per_second(pulse, at)
  end
  return rates`;

const rates = async (ends: readonly number[], at: readonly number[]): Promise<number[]> =>
  (await luaLib(space.client, ["drain"], RATES)({ ends, at })) as number[];

const START = 1_000_000;
const steady = (perSecond: number, seconds: number, from = START): number[] =>
  Array.from({ length: Math.floor(perSecond * seconds) }, (_, index) => from + (index * 1_000) / perSecond);

describe("the drain rate", () => {
  it("is right within 15 % from two seconds (and ten jobs) after a start, at any rate", async () => {
    await fc.assert(
      fc.asyncProperty(fc.double({ min: 1, max: 2_000, noNaN: true }), async (perSecond) => {
        const seconds = Math.max(2, 10 / perSecond);
        const at = [1, 2, 5].map((times) => START + seconds * times * 1_000);
        for (const rate of await rates(steady(perSecond, seconds * 5), at)) {
          expect(rate / perSecond).toBeGreaterThan(0.85);
          expect(rate / perSecond).toBeLessThan(1.15);
        }
      }),
      { numRuns: 40 },
    );
  });

  it("is measured anew after a pause, and what was known before counts little", async () => {
    const later = START + 120_000;
    const [justAfter = 0, soon = 0] = await rates(
      [...steady(100, 20), ...steady(20, 10, later)],
      [later + 10, later + 5_000],
    );
    expect(justAfter, "the old rate, until there is a new one").toBeGreaterThan(50);
    expect(soon).toBeGreaterThan(20 * 0.8);
    expect(soon).toBeLessThan(20 * 2);
  });

  it("falls while nothing ends", async () => {
    const [before = 0, after = 0, long = 0] = await rates(steady(100, 20), [
      START + 20_000,
      START + 30_000,
      START + 80_000,
    ]);
    expect(after).toBeLessThan(before / 2);
    expect(long).toBeLessThan(1);
  });
});
