import { describe, expect, it } from "vitest";
import { batchesOf } from "../../src/goodput/batches.ts";
import { Aimd } from "../../src/goodput/contenders/aimd.ts";
import { Tap } from "../../src/goodput/tap.ts";

describe("batches", () => {
  it("keep the contenders of a scenario together, in groups of the same size", () => {
    const batches = batchesOf(["x", "y"], [1, 2, 3, 4, 5, 6, 7], 4);
    expect(batches.map((batch) => batch.map(({ contender }) => contender))).toEqual([
      [1, 2, 3, 4],
      [5, 6, 7],
      [1, 2, 3, 4],
      [5, 6, 7],
    ]);
  });

  it("fill up with the next scenario's", () => {
    const batches = batchesOf(["x", "y", "z"], ["a"], 2);
    expect(batches.map((batch) => batch.map(({ scenario }) => scenario))).toEqual([["x", "y"], ["z"]]);
  });
});

describe("aimd", () => {
  it("halves at a 429, grows by a twentieth at a success, and keeps its pace", () => {
    const rate = new Aimd(10);
    expect([rate.place(0), rate.place(0), rate.place(0)]).toEqual([0, 100, 200]);
    rate.succeeded();
    expect(rate.rate).toBeCloseTo(10.5);
    rate.throttled(0, 2_000);
    expect(rate.rate).toBeCloseTo(5.25);
    expect(rate.isShut(1_999)).toBe(true);
    expect(rate.isShut(2_000)).toBe(false);
    expect(rate.place(300)).toBe(1_700);
  });
});

describe("a tap", () => {
  it("gives all that is asked for, or what is due", async () => {
    const tap = new Tap(null);
    expect(tap.due(50)).toBe(50);
    tap.set(1);
    expect(tap.due(50)).toBe(0);
    tap.set(200);
    const begun = performance.now();
    for (let job = 0; job < 20; job++) await tap.next(new AbortController().signal);
    expect(performance.now() - begun).toBeGreaterThan(95);
  });
});
