import type { LimiterOptions } from "headgate";
import type { ApiSpec, RuleSpec } from "../api/spec.ts";

/** How much work there is, per second, from a share of the run on; `null`: always more than the API takes. */
export interface Demand {
  readonly at: number;
  readonly perSecond: number | null;
}

export interface Scenario {
  readonly name: string;
  readonly about: string;
  readonly api: ApiSpec;
  /** How long a run takes when nobody says otherwise. */
  readonly seconds: number;
  /** What Headgate is told; in all others it is told nothing. */
  readonly told?: Pick<LimiterOptions, "limits" | "concurrency">;
  /** Tokens of a job: evenly spread, whole numbers. */
  readonly tokens: { readonly least: number; readonly most: number };
  readonly demand: readonly Demand[];
  /**
   * What a user who knew everything would set, for BullMQ's own limiter. It lets all of `max` go at once: in front of a bucket a
   * little less than its burst, so that two portions may come 20 ms closer to each other than they left.
   */
  readonly truth: { readonly max: number; readonly durationMs: number } | { readonly concurrency: number };
  /** Goodput counts from this share of the run on. */
  readonly from: number;
}

const LATENCY = { least: 50, most: 300 };
const bucket = (burst: number): RuleSpec => ({ kind: "bucket", unit: "requests", amount: 100, perMs: 1_000, burst });
const window = (amount: number, perMs: number): RuleSpec => ({ kind: "window", unit: "requests", amount, perMs });

const sliding: RuleSpec = { kind: "sliding", unit: "requests", amount: 100, perMs: 1_000 };

const api = (rule: RuleSpec, more: Partial<ApiSpec> = {}): ApiSpec => ({
  rules: [rule],
  latencyMs: LATENCY,
  hints: ["retry-after"],
  ...more,
});

type Row = Pick<Scenario, "name" | "about" | "api"> & Partial<Scenario>;

const scenario = (row: Row): Scenario => ({
  seconds: 60,
  tokens: { least: 1, most: 1 },
  demand: [{ at: 0, perSecond: null }],
  truth: { max: 8, durationMs: 80 },
  from: 0,
  ...row,
});

const A_SECOND = { max: 100, durationMs: 1_000 };
const HUNDRED_A_SECOND = { limits: [{ unit: "requests", amount: 100, per: "1s" }] } as const;

export const scenarios: readonly Scenario[] = [
  { name: "bucket-10", about: "token bucket, 100/s, burst 10", api: api(bucket(10)) },
  { name: "bucket-100", about: "token bucket, 100/s, burst 100", api: api(bucket(100)), truth: A_SECOND },
  { name: "window-1s", about: "fixed window, 100 per second", api: api(window(100, 1_000)), truth: A_SECOND },
  {
    name: "window-10s",
    about: "fixed window, 1,000 per 10 s",
    api: api(window(1_000, 10_000)),
    truth: { max: 1_000, durationMs: 10_000 },
  },
  {
    name: "window-60s",
    about: "fixed window, 6,000 per minute",
    api: api(window(6_000, 60_000)),
    seconds: 240,
    truth: { max: 6_000, durationMs: 60_000 },
  },
  { name: "sliding-1s", about: "sliding log, 100 in any second", api: api(sliding), truth: A_SECOND },
  {
    name: "step",
    about: "token bucket, burst 10: 100/s, 10/s, 100/s, a third each",
    api: api({
      kind: "bucket",
      unit: "requests",
      amount: 100,
      perMs: 1_000,
      burst: 10,
      changes: [
        { at: 1 / 3, factor: 0.1 },
        { at: 2 / 3, factor: 1 },
      ],
    }),
  },
  {
    name: "concurrency",
    about: "20 calls in flight, each takes 200 ms",
    api: api({ kind: "concurrency", unit: "requests", slots: 20 }, { latencyMs: { least: 200, most: 200 } }),
    truth: { concurrency: 20 },
  },
  {
    name: "neighbour",
    about: "token bucket, 100/s, burst 10; somebody else takes half in the middle third",
    api: api(bucket(10), { neighbour: { perSecond: 50, from: 1 / 3, until: 2 / 3 } }),
  },
  {
    name: "tokens",
    about: "1,000 requests and 1,200,000 tokens a minute (buckets of a second's worth); costs 100 to 4,000; told",
    api: {
      rules: [
        { kind: "bucket", unit: "requests", amount: 1_000, perMs: 60_000, burst: 17 },
        { kind: "bucket", unit: "tokens", amount: 1_200_000, perMs: 60_000, burst: 20_000 },
      ],
      latencyMs: LATENCY,
      hints: ["retry-after"],
    },
    tokens: { least: 100, most: 4_000 },
    told: {
      limits: [
        { unit: "requests", amount: 1_000, per: "1m" },
        { unit: "tokens", amount: 1_200_000, per: "1m" },
      ],
    },
    // The mean cost is 2,050: 585 jobs a minute.
    truth: { max: 2, durationMs: 206 },
  },
  { name: "declared", about: "token bucket, 100/s, burst 10; told", api: api(bucket(10)), told: HUNDRED_A_SECOND },
  {
    name: "declared-sliding",
    about: "sliding log, 100 in any second; told",
    api: api(sliding),
    truth: A_SECOND,
    told: HUNDRED_A_SECOND,
  },
  {
    name: "headers",
    about: "token bucket, 100/s, burst 10; draft-8 RateLimit fields on every answer",
    api: api(bucket(10), { hints: ["ratelimit"] }),
  },
  {
    name: "headers-window",
    about: "fixed window, 1,000 per 10 s; draft-8 RateLimit fields on every answer",
    api: api(window(1_000, 10_000), { hints: ["ratelimit"] }),
    truth: { max: 1_000, durationMs: 10_000 },
  },
  { name: "bare", about: "token bucket, 100/s, burst 10; a 429 says nothing", api: api(bucket(10), { hints: [] }) },
  {
    name: "low-1s",
    about: "token bucket, 1/s, burst 1",
    api: api({ kind: "bucket", unit: "requests", amount: 1, perMs: 1_000, burst: 1 }),
    truth: { max: 1, durationMs: 1_000 },
  },
  {
    name: "low-20m",
    about: "token bucket, 20 a minute, burst 5",
    api: api({ kind: "bucket", unit: "requests", amount: 20, perMs: 60_000, burst: 5 }),
    seconds: 180,
    truth: { max: 1, durationMs: 3_000 },
  },
  {
    name: "punish",
    about: "token bucket, 100/s, burst 10; each 429 makes it refuse everything for 5 s",
    api: api(bucket(10), { punishMs: 5_000 }),
  },
  {
    name: "bursty",
    about: "token bucket, 100/s, burst 10; 50 jobs a second, from the middle on more than it takes",
    api: api(bucket(10)),
    demand: [
      { at: 0, perSecond: 50 },
      { at: 0.5, perSecond: null },
    ],
    from: 0.5,
  },
].map((row) => scenario(row as Row));

export function scenarioOf(name: string): Scenario {
  const found = scenarios.find((each) => each.name === name);
  if (!found)
    throw new Error(`no scenario "${name}": expected one of ${scenarios.map((each) => each.name).join(", ")}`);
  return found;
}
