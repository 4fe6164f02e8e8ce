import {
  type Api,
  always,
  concurrencyLimit,
  drafted,
  fixed,
  fixedWindow,
  honest,
  leftOnly,
  legacy,
  meteredBuckets,
  named,
  precise,
  punishing,
  type Random,
  shared,
  silent,
  skewed,
  slidingWindow,
  tokenBucket,
  uniform,
} from "headgate/internal";
import type { Scenario } from "./scenario.ts";

const SECONDS = 60;
const common = { seconds: SECONDS, manners: honest, latency: uniform(50, 300), slots: 100 };

const bucket = (rate: number, burst: number) => (): Api => tokenBucket({ rate, burst });
const window =
  (limit: number, perMs: number) =>
  (random: Random): Api =>
    fixedWindow({ limit, perMs, phase: random() });
const sliding = (limit: number, perMs: number) => (): Api => slidingWindow({ limit, perMs });

/** Buckets of which a twentieth is left at the start: a minute's would outlast the run. */
const used = (units: Parameters<typeof meteredBuckets>[0]) => (): Api => meteredBuckets(units, 0.05);

const minuteOfRequests = { unit: "requests", amount: 6_000, perMs: 60_000 };
const llm = used([minuteOfRequests, { unit: "tokens", amount: 1_200_000, perMs: 60_000 }]);

/** 100/s, then 10/s from one moment to another, then 100/s. */
const stepped = (fromMs: number, tillMs: number) => (): Api =>
  tokenBucket({
    rate: [
      { fromMs: 0, rate: 100 },
      { fromMs, rate: 10 },
      { fromMs: tillMs, rate: 100 },
    ],
    burst: 10,
  });
const step = stepped(20_000, 40_000);

const tokenCosts = Array.from({ length: 40 }, (_, index) => ({ requests: 1, tokens: 100 * (index + 1) }));
const tokenLimits = [
  { unit: "requests", amount: 1_000, per: 60_000 },
  { unit: "tokens", amount: 1_200_000, per: 60_000 },
];

/** The table, then what the law was found weak at. */
export const scenarios: readonly Scenario[] = [
  { ...common, name: "bucket-10", api: bucket(100, 10) },
  { ...common, name: "bucket-100", api: bucket(100, 100) },
  { ...common, name: "bare", api: bucket(100, 10), manners: silent },
  { ...common, name: "window-1s", api: window(100, 1_000) },
  { ...common, name: "sliding-1s", api: sliding(100, 1_000) },
  { ...common, name: "window-10s", api: window(1_000, 10_000) },
  { ...common, name: "window-60s", api: window(6_000, 60_000), seconds: 240 },
  {
    ...common,
    name: "concurrency",
    api: () => concurrencyLimit({ limit: 20, meanMs: 200 }),
    manners: silent,
    latency: fixed(200),
    refusalLatency: fixed(20),
  },
  {
    ...common,
    name: "neighbour",
    api: (random) =>
      shared(tokenBucket({ rate: 100, burst: 10 }), { fromMs: 20_000, tillMs: 40_000, rate: 50 }, random),
  },
  { ...common, name: "step", api: step },
  {
    ...common,
    name: "declared",
    api: bucket(100, 10),
    limiter: { limits: [{ unit: "requests", amount: 100, per: 1_000 }] },
  },
  {
    ...common,
    name: "declared-sliding",
    api: sliding(100, 1_000),
    limiter: { limits: [{ unit: "requests", amount: 100, per: 1_000 }] },
  },
  {
    ...common,
    name: "early-step",
    seconds: 40,
    manners: silent,
    api: stepped(10_000, 20_000),
  },
  {
    ...common,
    name: "headers-used-up",
    seconds: 30,
    manners: silent,
    api: (random) =>
      shared(fixedWindow({ limit: 1_000, perMs: 10_000 }), { fromMs: 0, tillMs: 30_000, rate: 50 }, random),
    telling: drafted,
  },
  { ...common, name: "headers", api: window(100, 1_000), telling: drafted },
  { ...common, name: "headers-bucket", api: bucket(100, 100), telling: drafted },
  { ...common, name: "headers-sliding", api: sliding(100, 1_000), telling: drafted },
  { ...common, name: "headers-60s", api: window(6_000, 60_000), seconds: 240, telling: drafted },
  { ...common, name: "headers-legacy-10s", api: window(1_000, 10_000), telling: legacy },
  { ...common, name: "headers-legacy-60s", api: window(6_000, 60_000), seconds: 240, telling: legacy },
  {
    ...common,
    name: "headers-neighbour",
    api: (random) =>
      shared(fixedWindow({ limit: 1_000, perMs: 10_000 }), { fromMs: 20_000, tillMs: 40_000, rate: 50 }, random),
    telling: drafted,
  },
  { ...common, name: "headers-full", api: used([minuteOfRequests]), telling: legacy },
  {
    ...common,
    name: "headers-full-tokens",
    api: llm,
    costs: tokenCosts,
    telling: legacy,
  },
  {
    ...common,
    name: "headers-full-slow",
    api: llm,
    costs: tokenCosts,
    telling: legacy,
    latency: uniform(2_000, 12_000),
    slots: 400,
    seconds: 180,
  },
  {
    ...common,
    name: "headers-left",
    api: used([{ unit: "requests", amount: 100, perMs: 1_000, burst: 400 }]),
    telling: leftOnly,
  },
  { ...common, name: "headers-named-1s", api: window(100, 1_000), telling: named },
  { ...common, name: "headers-named-10s", api: window(1_000, 10_000), telling: named },
  { ...common, name: "headers-left-window", api: window(1_000, 10_000), telling: leftOnly },
  {
    ...common,
    name: "headers-full-neighbour",
    api: (random) => shared(used([minuteOfRequests])(), { fromMs: 20_000, tillMs: 40_000, rate: 50 }, random),
    telling: legacy,
  },
  {
    ...common,
    name: "tokens",
    api: () =>
      meteredBuckets(
        tokenLimits.map(({ unit, amount, per }) => ({ unit, amount, perMs: per, burst: Math.ceil(amount / 60) })),
      ),
    limiter: { limits: tokenLimits },
    cost: () => ({ requests: 1 }),
    costs: tokenCosts,
  },
  { ...common, name: "low-1s", api: bucket(1, 1) },
  { ...common, name: "low-20m", api: bucket(20 / 60, 5), seconds: 180 },
  { ...common, name: "low-20m-window", api: window(20, 60_000), seconds: 300 },
  {
    ...common,
    name: "demo",
    api: () =>
      tokenBucket({
        rate: [
          { fromMs: 0, rate: 50 },
          { fromMs: 15_000, rate: 10 },
          { fromMs: 30_000, rate: 50 },
        ],
        burst: 10,
      }),
    latency: uniform(20, 80),
    refusalLatency: uniform(2, 8),
    slots: 40,
  },
  { ...common, name: "punish", api: () => punishing(tokenBucket({ rate: 100, burst: 10 }), 5_000) },
  {
    ...common,
    name: "bursty",
    api: bucket(100, 10),
    demand: (at) => (at < 30_000 ? 50 : 200),
    fromSeconds: 30,
  },
  { ...common, name: "5000/s", api: bucket(5_000, 500), seconds: 20, latency: uniform(15, 40), slots: 400 },
  { ...common, name: "latency-1s", api: bucket(100, 10), latency: skewed(1_000), slots: 400 },
  { ...common, name: "latency-20s", api: bucket(5, 5), latency: uniform(15_000, 25_000), seconds: 300, slots: 200 },
  { ...common, name: "lying", api: bucket(100, 10), manners: always(60_000) },
  { ...common, name: "slow-429", api: bucket(100, 10), manners: silent, refusalLatency: fixed(1_000) },
  { ...common, name: "fast-429", api: bucket(100, 10), manners: silent, refusalLatency: uniform(5, 15) },
  { ...common, name: "ms-bucket-10", api: bucket(100, 10), manners: precise },
  { ...common, name: "ms-window-1s", api: window(100, 1_000), manners: precise },
  { ...common, name: "ms-sliding-1s", api: sliding(100, 1_000), manners: precise },
  { ...common, name: "ms-step", api: step, manners: precise },
  { ...common, name: "bare-window-1s", api: window(100, 1_000), manners: silent },
  { ...common, name: "bare-sliding-1s", api: sliding(100, 1_000), manners: silent },
  { ...common, name: "bare-window-10s", api: window(1_000, 10_000), manners: silent },
  { ...common, name: "bare-step", api: step, manners: silent },
  { ...common, name: "bare-low-1s", api: bucket(1, 1), manners: silent },
  {
    ...common,
    name: "bare-punish",
    api: () => punishing(tokenBucket({ rate: 100, burst: 10 }), 5_000),
    manners: silent,
  },
];
