import { describe, expect, it } from "vitest";
import type { Place } from "../../src/control/place.ts";
import { startsInMs, turnsBefore, waitsOf } from "../../src/control/predict.ts";
import type { LimiterStatus } from "../../src/control/status.ts";

const place = (given: Partial<Place> = {}): Place => ({
  now: 1_000_000,
  state: "wait",
  ahead: 0,
  dueInMs: 0,
  enqueuedAt: 990_000,
  processedOn: null,
  finishedOn: null,
  attemptsMade: 0,
  attempts: 1,
  failedReason: null,
  parent: null,
  children: 0,
  deferrals: 0,
  deferred: false,
  permitInMs: 0,
  paceInMs: 0,
  cost: [],
  costAhead: [],
  others: [],
  returningInMs: [],
  runs: [],
  runningSince: [],
  ...given,
});

const open: LimiterStatus["gate"] = { closed: false, until: null, remainingMs: 0, reason: null, halfOpen: false };

const limiter = (given: Partial<LimiterStatus> = {}): LimiterStatus => ({
  limiter: "api",
  rate: null,
  phase: "free",
  adaptive: true,
  gate: open,
  learned: null,
  inFlight: 0,
  concurrency: null,
  limits: [],
  acceptedPerSecond: 0,
  throttledPerSecond: 0,
  throttledShare: 0,
  totals: { granted: 0, ok: 0, throttled: 0, failed: 0, released: 0, refused: 0, expired: 0 },
  shutMs: 0,
  queues: ["q"],
  overridden: false,
  disagreement: null,
  ...given,
});

const inMs = (where: Place, with_: LimiterStatus) => Math.round(startsInMs(waitsOf(where, with_)));

describe("when a job should start", () => {
  it("is not held by workers' hands where its queue has the starts of its turns", () => {
    const runs = Array.from({ length: 20 }, (_, index): readonly [number, number] => [index * 20, index * 20 + 20]);
    const half = { ahead: 60, runs, runningSince: [400] };
    const at100 = limiter({ rate: 100, phase: "steady" });
    expect(waitsOf(place({ ...half, others: [60] }), at100).workersMs).toBe(0);
    expect(waitsOf(place(half), at100).workersMs, "alone it could have twice as many").toBeGreaterThan(0);
  });

  it("is now where nothing holds it", () => {
    expect(inMs(place(), limiter())).toBe(0);
  });

  it("is when the costs ahead of it have been refilled, less what is left", () => {
    const limits = [{ unit: "tokens", amount: 1_000, perMs: 1_000, burst: 1, remaining: 0 }];
    const where = place({ ahead: 10, cost: [100], costAhead: [900] });
    // 900 ahead, and one token of it: the rest of its cost becomes a debt that others pay.
    expect(inMs(where, limiter({ limits }))).toBe(901);
  });

  it("counts the jobs of other queues in turn with its own, and no more of them than it has ahead", () => {
    expect(turnsBefore(place({ ahead: 10, others: [3, 500] }))).toBe(23);
    expect(inMs(place({ ahead: 10, others: [3, 500] }), limiter({ rate: 23, phase: "steady" }))).toBe(1_000);
  });

  it("counts deferred jobs that return to the head", () => {
    expect(turnsBefore(place({ ahead: 10, returningInMs: [5, 50] }))).toBe(12);
    expect(turnsBefore(place({ ahead: 10, state: "delayed", returningInMs: [5] }))).toBe(10);
  });

  it("follows a ramp up to the declared rate, and from there the rate", () => {
    const limits = [{ unit: "requests", amount: 100, perMs: 1_000, burst: 100, remaining: 100 }];
    const ramp = limiter({ rate: 10, phase: "ramp", limits });
    // e-fold in 0.45 s: 10/s grows to 100/s in 1.036 s and 40.5 jobs; 100 more take a second.
    expect(inMs(place({ ahead: 40 }), ramp)).toBeCloseTo(1_032, -1);
    expect(inMs(place({ ahead: 140 }), ramp)).toBeCloseTo(2_031, -1);
  });

  it("is after the gate and its probe, with what the bucket gained meanwhile", () => {
    const gate = { ...open, closed: true, until: 1_005_000, remainingMs: 5_000 };
    const limits = [{ unit: "requests", amount: 10, perMs: 1_000, burst: 5, remaining: 0 }];
    const where = place({ ahead: 10, cost: [1], costAhead: [10], runs: [[0, 200]] });
    expect(inMs(where, limiter({ gate, limits }))).toBe(5_000 + 200 + 1_000);
  });

  it("is when it is due, if the queue is worked off before", () => {
    const where = place({ state: "delayed", dueInMs: 60_000, ahead: 10 });
    expect(inMs(where, limiter({ rate: 10, phase: "steady" }))).toBe(60_000);
    expect(inMs(place({ state: "delayed", dueInMs: 500, ahead: 10 }), limiter({ rate: 10, phase: "steady" }))).toBe(
      1_000,
    );
  });

  it("is at the pace of late, where that is slower than the limits say; from too few starts there is none", () => {
    const starts = (many: number) =>
      Array.from({ length: many }, (_, index) => [991_000 + index * 100, 991_010 + index * 100] as const);
    const limiting = limiter({ rate: 100, phase: "steady" });
    expect(inMs(place({ ahead: 99, runs: starts(20), permitInMs: 5 }), limiting)).toBe(10_000);
    expect(inMs(place({ ahead: 99, runs: starts(10), permitInMs: 5 }), limiting)).toBe(990);
  });
});
