import { describe, expect, it } from "vitest";
import type { Place } from "../../src/control/place.ts";
import { startsInMs, waitsOf } from "../../src/control/predict.ts";
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
  line: [],
  served: 0,
  others: [],
  windows: null,
  returningInMs: [],
  runs: [],
  running: [],
  deadline: null,
  worker: null,
  stalls: 0,
  lockMs: null,
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

/** Another queue of the limiter, with jobs that wait. */
const rival = (waiting: number, cost: readonly number[] = []) => ({ waiting, cost, served: 0 });
const turnsBefore = (where: Place) => waitsOf(where, limiter()).turnsBefore;

const inMs = (where: Place, with_: LimiterStatus) => Math.round(startsInMs(waitsOf(where, with_)));

describe("when a job should start", () => {
  it("is not held by workers' hands where its queue has the starts of its turns", () => {
    const runs = Array.from({ length: 20 }, (_, index): readonly [number, number, number] => [
      index * 20,
      index * 20 + 20,
      0,
    ]);
    const half = { ahead: 60, runs, running: [[400, 0]] as const };
    const at100 = limiter({ rate: 100, phase: "steady" });
    expect(waitsOf(place({ ...half, others: [rival(60)] }), at100).workersMs).toBe(0);
    expect(waitsOf(place(half), at100).workersMs, "alone it could have twice as many").toBeGreaterThan(0);
  });

  it("is now where nothing holds it", () => {
    expect(inMs(place(), limiter())).toBe(0);
  });

  it("is when the costs ahead of it have been refilled, less what is left", () => {
    const limits = [{ unit: "tokens", amount: 1_000, perMs: 1_000, burst: 1, remaining: 0 }];
    const where = place({ ahead: 9, cost: [100], line: Array.from({ length: 9 }, () => [100]) });
    // 900 ahead, and one token of it: the rest of its cost becomes a debt that others pay. (A burst of one has 0.5 of slack.)
    expect(inMs(where, limiter({ limits }))).toBe(901);
  });

  it("counts the jobs of other queues in turn with its own, and no more of them than it has ahead", () => {
    expect(turnsBefore(place({ ahead: 10, others: [rival(3), rival(500)] }))).toBe(23);
    expect(inMs(place({ ahead: 10, others: [rival(3), rival(500)] }), limiter({ rate: 23, phase: "steady" }))).toBe(
      1_000,
    );
  });

  it("counts deferred jobs that return to the head", () => {
    expect(turnsBefore(place({ ahead: 10, returningInMs: [5, 50] }))).toBe(12);
    expect(turnsBefore(place({ ahead: 10, state: "delayed", returningInMs: [5] }))).toBe(10);
  });

  it("follows a ramp up to the declared rate, and from there the rate", () => {
    const limits = [{ unit: "requests", amount: 100, perMs: 1_000, burst: 100, remaining: 100 }];
    const ramp = limiter({ rate: 10, phase: "ramp", limits });
    // e-fold in 0.3 s: 10/s grows to 100/s in 0.691 s and 27 jobs; 100 more take a second.
    expect(inMs(place({ ahead: 27 }), ramp)).toBeCloseTo(691, -1);
    expect(inMs(place({ ahead: 127 }), ramp)).toBeCloseTo(1_691, -1);
  });

  it("is after the gate and its probe, with what the bucket gained meanwhile", () => {
    const gate = { ...open, closed: true, until: 1_005_000, remainingMs: 5_000 };
    const limits = [{ unit: "requests", amount: 10, perMs: 1_000, burst: 5, remaining: 0 }];
    const where = place({ ahead: 10, cost: [1], runs: [[0, 200, 0.1]] });
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
      Array.from({ length: many }, (_, index) => [991_000 + index * 100, 991_010 + index * 100, 0] as const);
    const limiting = limiter({ rate: 100, phase: "steady" });
    expect(inMs(place({ ahead: 99, runs: starts(20), permitInMs: 5 }), limiting)).toBe(10_000);
    expect(inMs(place({ ahead: 99, runs: starts(10), permitInMs: 5 }), limiting)).toBe(990);
  });

  it("waits for the window where costs are above the burst: two of 4,000 fit into 10,000, not two and a half", () => {
    const limits = [{ unit: "tokens", amount: 10_000, perMs: 1_000, burst: 200, remaining: 200 }];
    const line = Array.from({ length: 8 }, () => [4_000]);
    // Two at once each 1,010 ms (1 % is the price of slots); the bucket alone would say 8 * 408 ms.
    const said = inMs(place({ ahead: 8, cost: [4_000], line, windows: [[]] }), limiter({ limits }));
    expect(said).toBeGreaterThanOrEqual(4 * 1_010);
    expect(said).toBeLessThan(4 * 1_010 + 450);
  });

  it("remembers what was granted in the window before", () => {
    const limits = [{ unit: "tokens", amount: 10_000, perMs: 1_000, burst: 200, remaining: 200 }];
    const windows = [[[999_700, 9_000] as const]];
    expect(inMs(place({ cost: [4_000], windows }), limiter({ limits }))).toBe(710);
  });

  it("gives other queues turns by what their jobs cost: ten of 50 for one of 500", () => {
    const limits = [{ unit: "tokens", amount: 10_000, perMs: 1_000, burst: 500, remaining: 0 }];
    const where = place({ ahead: 99, cost: [50], others: [rival(1_000, [500])] });
    const { turnsBefore: before, costBefore } = waitsOf(where, limiter({ limits }));
    expect(before).toBeCloseTo(109, -1);
    expect(costBefore[0]).toBeCloseTo(9_950, -3);
  });

  it("lets a queue that was idle catch up by one period at most", () => {
    const limits = [{ unit: "requests", amount: 100, perMs: 1_000, burst: 2, remaining: 0 }];
    const idle = { waiting: 500, cost: [1], served: 0 };
    expect(waitsOf(place({ ahead: 10, cost: [1], served: 8, others: [idle] }), limiter({ limits })).turnsBefore).toBe(
      10 + 100 + 11,
    );
  });

  it("adds up limits that hold different parts of the line", () => {
    const limits = [
      { unit: "requests", amount: 50, perMs: 1_000, burst: 1, remaining: 1 },
      { unit: "tokens", amount: 5_000, perMs: 1_000, burst: 200, remaining: 200 },
    ];
    const line = Array.from({ length: 100 }, (_, index) => [1, index < 50 ? 0 : 200]);
    const waits = waitsOf(place({ ahead: 100, cost: [1, 200], line }), limiter({ limits }));
    expect(Math.max(...waits.limitsMs)).toBeLessThan(2_200);
    // A second for the first fifty, 42 ms each for the others.
    expect(waits.permitsMs).toBeGreaterThan(2_900);
  });

  it("goes by the slots that end first", () => {
    const runs = [[999_000, 999_100, 0]] as const;
    const running = [
      [999_920, 0],
      [999_960, 0],
    ] as const;
    const two = limiter({ concurrency: 2, inFlight: 2 });
    expect(inMs(place({ runs, running }), two)).toBe(20);
    expect(inMs(place({ ahead: 1, runs, running }), two)).toBe(60);
    expect(inMs(place({ ahead: 4, runs, running }), two)).toBe(220);
  });

  it("scales to a line that is longer than what is played, within a second", () => {
    const limits = [{ unit: "tokens", amount: 10_000, perMs: 1_000, burst: 200, remaining: 0 }];
    const far = place({
      ahead: 1_000_000,
      cost: [4_000],
      line: Array.from({ length: 256 }, () => [4_000]),
      windows: [[]],
    });
    const from = performance.now();
    expect(inMs(far, limiter({ limits })) / (500_000 * 1_010)).toBeCloseTo(1, 1);
    expect(performance.now() - from).toBeLessThan(1_000);
  });

  it("believes a slow pace beside other queues only as far as handing turns on costs", () => {
    const runs = Array.from(
      { length: 20 },
      (_, index) => [991_000 + index * 100, 991_010 + index * 100, 0.01] as const,
    );
    const limits = [{ unit: "requests", amount: 100, perMs: 1_000, burst: 1, remaining: 1 }];
    const where = place({ ahead: 49, cost: [1], runs, permitInMs: 5, others: [rival(500, [1])] });
    const said = inMs(where, limiter({ limits }));
    expect(said).toBeGreaterThan(1_000);
    expect(said).toBeLessThan(1_200);
  });
});
