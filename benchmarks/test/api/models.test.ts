import { describe, expect, it } from "vitest";
import { Api } from "../../src/api/api.ts";
import { hintsOf } from "../../src/api/hints.ts";
import { type ApiSpec, PHASE, type RuleSpec } from "../../src/api/spec.ts";
import { load, ONE } from "./saturate.ts";

const paced = { unit: "requests", amount: 100, perMs: 1_000 } as const;
const bucket: RuleSpec = { ...paced, kind: "bucket", burst: 10 };
const window: RuleSpec = { ...paced, kind: "window" };
const sliding: RuleSpec = { ...paced, kind: "sliding" };
const api = (rule: RuleSpec, more: Partial<ApiSpec> = {}): ApiSpec => ({
  rules: [rule],
  latencyMs: { least: 0, most: 0 },
  hints: ["retry-after"],
  ...more,
});

/** How many of these moments' calls are accepted. */
const acceptedAt = (one: Api, moments: readonly number[]): boolean[] =>
  moments.map((now) => one.decide(now, ONE).accepted);
const times = <T>(count: number, value: T): T[] => new Array<T>(count).fill(value);

describe("a token bucket", () => {
  it("lets its burst go at once, then one per refill", () => {
    const one = new Api(api(bucket), 10_000);
    expect(acceptedAt(one, times(11, 0))).toEqual([...times(10, true), false]);
    expect(acceptedAt(one, [9, 10, 19, 20, 30])).toEqual([false, true, false, true, true]);
  });

  it("says how long until a call fits, and holds no more than its burst", () => {
    const one = new Api(api(bucket), 10_000);
    acceptedAt(one, times(10, 0));
    expect(one.decide(4, ONE)).toEqual({ accepted: false, retryAfterMs: expect.closeTo(6, 6) });
    expect(acceptedAt(one, times(11, 5_000)).filter(Boolean)).toHaveLength(10);
  });

  it("changes its refill when its limit changes", () => {
    const spec = api({ ...bucket, burst: 1, changes: [{ at: 0.5, factor: 0.1 }] });
    const { ledger } = load(spec, { runMs: 10_000, everyMs: 1 });
    expect(ledger.count(true, { from: 1_000, to: 5_000 })).toBeCloseTo(400, -1);
    expect(ledger.count(true, { from: 5_000, to: 10_000 })).toBeCloseTo(50, -1);
  });
});

describe("a fixed window", () => {
  it("begins on its own clock, part of a window before the first call", () => {
    const one = new Api(api(window), 10_000);
    const turns = (1 - PHASE) * 1_000;
    expect(acceptedAt(one, times(101, 0)).filter(Boolean)).toHaveLength(100);
    expect(one.decide(turns - 1, ONE)).toEqual({ accepted: false, retryAfterMs: expect.closeTo(1, 6) });
    expect(acceptedAt(one, times(101, turns)).filter(Boolean)).toHaveLength(100);
  });

  it("keeps its clock over runs", () => {
    const one = new Api(api(window), 10_000, 400);
    acceptedAt(one, times(100, 0));
    expect(one.decide(0, ONE)).toEqual({ accepted: false, retryAfterMs: expect.closeTo(1_000 * (0.6 - PHASE), 6) });
  });
});

describe("a sliding log", () => {
  it("never has more than its amount in any period", () => {
    const one = new Api(api(sliding), 10_000);
    const moments = Array.from({ length: 4_000 }, (_, index) => index);
    const accepted = moments.filter((_, index) => acceptedAt(one, [moments[index] as number])[0]);
    const most = Math.max(...accepted.map((end) => accepted.filter((at) => at > end - 1_000 && at <= end).length));
    expect(most).toBe(100);
  });

  it("has a place again when its oldest call is a period old", () => {
    const one = new Api(api(sliding), 10_000);
    acceptedAt(one, [100, ...times(99, 300)]);
    expect(one.decide(1_050, ONE)).toEqual({ accepted: false, retryAfterMs: 50 });
    expect(acceptedAt(one, [1_100, 1_100])).toEqual([true, false]);
  });
});

describe("a concurrency limit", () => {
  it("takes so many at once, and one more for each that is answered", () => {
    const one = new Api(api({ kind: "concurrency", unit: "requests", slots: 20 }), 10_000);
    expect(acceptedAt(one, times(21, 0)).filter(Boolean)).toHaveLength(20);
    one.answered(200);
    expect(acceptedAt(one, [200, 200])).toEqual([true, false]);
  });
});

describe("an API", () => {
  it("punishes a 429 with refusals, and each of those again", () => {
    const one = new Api(api(bucket, { punishMs: 5_000 }), 60_000);
    acceptedAt(one, times(10, 0));
    expect(one.decide(0, ONE)).toEqual({ accepted: false, retryAfterMs: 5_000 });
    expect(one.decide(4_999, ONE)).toEqual({ accepted: false, retryAfterMs: 5_000 });
    expect(acceptedAt(one, [9_998, 14_997, 19_996, 24_996])).toEqual([false, false, false, true]);
  });

  it("takes of every limit or of none", () => {
    const one = new Api(
      {
        rules: [bucket, { kind: "bucket", unit: "tokens", amount: 1_000, perMs: 1_000, burst: 100 }],
        latencyMs: { least: 0, most: 0 },
        hints: [],
      },
      10_000,
    );
    expect(one.decide(0, { requests: 1, tokens: 101 }).accepted).toBe(false);
    expect(one.decide(0, { requests: 1, tokens: 100 }).accepted).toBe(true);
    for (let call = 0; call < 20; call++) one.decide(0, { requests: 1, tokens: 50 });
    // Refused calls took no request: nine are left.
    expect(one.decide(50, { requests: 9, tokens: 0 }).accepted).toBe(true);
  });

  it("serves a neighbour first", () => {
    const spec = api(bucket, { neighbour: { perSecond: 50, from: 0.5, until: 1 } });
    const { ledger } = load(spec, { runMs: 10_000, everyMs: 1 });
    expect(ledger.count(true, { from: 0, to: 5_000 })).toBeCloseTo(510, -1);
    expect(ledger.count(true, { from: 5_000, to: 10_000 })).toBeCloseTo(250, -1);
  });
});

describe("its hints", () => {
  it("are whole seconds, rounded up, and only on a 429", () => {
    const one = new Api(api(bucket), 10_000);
    expect(hintsOf(["retry-after"], one, one.decide(0, ONE), 0)).toEqual({});
    acceptedAt(one, times(9, 0));
    expect(hintsOf(["retry-after"], one, one.decide(0, ONE), 0)).toEqual({ "retry-after": "1" });
    expect(hintsOf(["retry-after"], one, { accepted: false, retryAfterMs: 1_001 }, 0)).toEqual({ "retry-after": "2" });
    expect(hintsOf([], one, one.decide(0, ONE), 0)).toEqual({});
  });

  it("say on every answer what is left, as draft 8 has it", () => {
    const one = new Api(api({ ...window, amount: 1_000, perMs: 10_000 }), 60_000);
    const verdict = one.decide(0, ONE);
    expect(hintsOf(["ratelimit"], one, verdict, 0)).toEqual({
      "ratelimit-policy": '"default";q=1000;w=10',
      ratelimit: '"default";r=999;t=7',
    });
  });
});
