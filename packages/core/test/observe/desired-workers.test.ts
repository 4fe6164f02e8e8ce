import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Demand, desiredWorkers } from "../../src/observe/desired-workers.ts";

const demand = (over: Partial<Demand>): Demand => ({
  ready: 1_000,
  slots: 10,
  rate: null,
  concurrency: null,
  acceptedPerSecond: 0,
  inFlight: 0,
  closed: false,
  ...over,
});

describe("how many workers are of use", () => {
  it.each([
    ["nothing to do", { ready: 0 }, 0],
    ["a job each slot", { ready: 95 }, 10],
    ["a shut gate needs one for its probe", { closed: true }, 1],
    ["no more than the API's concurrency", { concurrency: 25 }, 3],
    // 20 in flight at 10/s: a run takes 2 s, so 50/s keep 100 busy, and a fifth more is asked for.
    ["no more than the pace keeps busy", { rate: 50, acceptedPerSecond: 10, inFlight: 20 }, 12],
    ["a pace alone says nothing before a run was seen", { rate: 50 }, 100],
  ])("%s", (_, over, workers) => {
    expect(desiredWorkers(demand(over))).toBe(workers);
  });

  it("is at least one while there is work, and never more than a job each slot", () => {
    const some = fc.record({
      ready: fc.integer({ min: 1, max: 100_000 }),
      slots: fc.integer({ min: 1, max: 100 }),
      rate: fc.option(fc.double({ min: 0.01, max: 1_000, noNaN: true })),
      concurrency: fc.option(fc.integer({ min: 1, max: 1_000 })),
      acceptedPerSecond: fc.double({ min: 0, max: 1_000, noNaN: true }),
      inFlight: fc.integer({ min: 0, max: 1_000 }),
      closed: fc.boolean(),
    });
    fc.assert(
      fc.property(some, (given) => {
        const workers = desiredWorkers(given);
        expect(workers).toBeGreaterThanOrEqual(1);
        expect(workers).toBeLessThanOrEqual(Math.ceil(given.ready / given.slots));
      }),
    );
  });
});
