import { describe, expect, it } from "vitest";
import { type Figures, summarize } from "../src/overhead/summary.ts";
import { median } from "../src/statistics.ts";

describe("median", () => {
  it.each([
    { values: [3, 1, 2], middle: 2 },
    { values: [4, 1, 3, 2], middle: 2.5 },
    { values: [7], middle: 7 },
    { values: [100, 9, 1_000], middle: 100 },
    { values: [], middle: Number.NaN },
  ])("of $values is $middle", ({ values, middle }) => {
    expect(median(values)).toBe(middle);
  });
});

describe("summarize", () => {
  const runs = (...values: [enqueue: number, process: number, p99: number][]): Figures[] =>
    values.map(([enqueue, process, p99]) => ({
      enqueue,
      process,
      p99,
      enqueueCpu: { node: enqueue, redis: 10 },
      processCpu: { node: process, redis: 0 },
    }));

  it("takes the median of the pairs' ratios, not the ratio of the medians", () => {
    const summary = summarize({
      headgate: runs([90, 50, 11], [40, 20, 22], [200, 100, 12]),
      bullmq: runs([100, 100, 10], [50, 25, 20], [100, 90, 10]),
    });
    // Pairs: 0.9, 0.8, 2.0; the medians' ratio would be 90 / 100.
    expect(summary.enqueue).toEqual({ ratio: 0.9, headgate: 90, bullmq: 100 });
    expect(summary.process).toEqual({ ratio: 0.8, headgate: 50, bullmq: 90 });
    expect(summary.p99).toEqual({ enqueueRatio: 1.1 });
    // 100 / 110, 50 / 60, 210 / 110; 0.5, 0.8, 100 / 90.
    expect(summary.cpu).toEqual({ enqueueRatio: 0.909, processRatio: 0.8 });
  });
});
