import { expect, test } from "vitest";
import { MOST_QUICK_DEATHS, restartAfter } from "../src/worker/restart-policy.ts";

function delaysOf(deaths: number, othersWell: boolean): (number | null)[] {
  const delays: (number | null)[] = [];
  let quickDeaths = 0;
  for (let death = 0; death < deaths; death++) {
    const restart = restartAfter({ quickDeaths, livedMs: 100, hopeless: false, othersWell });
    quickDeaths = restart.quickDeaths;
    delays.push(restart.delayMs);
  }
  return delays;
}

test("waits double while it dies quickly, until it is given up", () => {
  expect(delaysOf(MOST_QUICK_DEATHS, false)).toEqual([250, 500, 1_000, 2_000, null]);
});

test("while others are well, it is not given up", () => {
  expect(delaysOf(8, true)).toEqual([250, 500, 1_000, 2_000, 4_000, 8_000, 10_000, 10_000]);
});

test("one that lived for a while starts again soon, and begins a new count", () => {
  const death = { quickDeaths: 4, livedMs: 5_000, hopeless: false, othersWell: false };
  expect(restartAfter(death)).toEqual({ quickDeaths: 0, delayMs: 250 });
});

test("one that says that no start would fare better is given up, or tried rarely while others are well", () => {
  const death = { quickDeaths: 0, livedMs: 900, hopeless: true };
  expect(restartAfter({ ...death, othersWell: false }).delayMs).toBeNull();
  expect(restartAfter({ ...death, othersWell: true }).delayMs).toBe(10_000);
});
