import { expect, test } from "vitest";
import { MOST_QUICK_DEATHS, restartAfter } from "../src/worker/restart-policy.ts";

test("waits double while it dies quickly, until it is given up", () => {
  const delays: (number | null)[] = [];
  let deaths = 0;
  for (let death = 0; death < MOST_QUICK_DEATHS; death++) {
    const { quickDeaths, delayMs } = restartAfter(deaths, 100);
    deaths = quickDeaths;
    delays.push(delayMs);
  }
  expect(delays).toEqual([250, 500, 1_000, 2_000, null]);
});

test("one that lived for a while starts again soon, and begins a new count", () => {
  expect(restartAfter(4, 5_000)).toEqual({ quickDeaths: 0, delayMs: 250 });
});
