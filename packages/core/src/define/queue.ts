import { z } from "zod";
import { headgateError, shown } from "../errors.ts";
import { type Cost, type CostOf, checkCost, costFor } from "./cost.ts";
import { type Duration, durationSchema } from "./duration.ts";
import { type Limiter, limiterOf } from "./limiter.ts";
import { parseName, parseOptions } from "./options.ts";
import type { StandardSchema } from "./standard-schema.ts";

export type { Cost } from "./cost.ts";

export interface QueueOptions<In, Out> {
  /** The limiter in front of the API that the jobs call; default: one of the queue's own, without limits. */
  readonly limiter?: Limiter;
  /** Any Standard Schema (zod, valibot, arktype …); its output is what is stored. Default: any JSON. */
  readonly payload?: StandardSchema<In, Out>;
  /** Most jobs admitted and not finished; default 10,000. */
  readonly capacity?: number;
  /**
   * Shares of capacity at which the level rises and falls, 0 < low < high <= 1; default high 0.8, low 0.3. From a capacity of 3
   * on they must leave a depth for `slow`; below there is none, and the level goes from open to closed.
   */
  readonly watermarks?: { readonly high?: number; readonly low?: number };
  /** A gate shut for longer than this closes the queue; default 30 s. */
  readonly maxWait?: Duration;
  /** Throttled share of the last 10 s above which the queue closes; default 0.2. */
  readonly throttledHigh?: number;
  /** … and under which it opens again; default 0.05. */
  readonly throttledLow?: number;
  /**
   * Priority shedding: at this level, jobs less urgent than this (1 is the most urgent) are refused with reason `"shed"`, whatever
   * their `onPressure`; the others are admitted at once, up to capacity. At a level without a number, and when an operator or full
   * memory closes the queue, nobody is let pass. Default: none.
   */
  readonly shed?: { readonly slow?: number; readonly closed?: number };
  /** Priority of jobs that come without one, in a queue with `shed`; default 100. */
  readonly defaultPriority?: number;
  /** Share of Redis' `maxmemory` from which the queue is closed with reason `"memory"`; opens 0.05 below. Default 0.85. */
  readonly memoryHigh?: number;
  /** What a job takes from each limit, as whole numbers (rounded up); `requests: 1` is implied. */
  readonly cost?: Cost | CostOf<Out>;
  /** Runs of a job before it fails for good; deferrals do not count. Default 3. */
  readonly attempts?: number;
  /** Wait before the next attempt; default exponential from 1 s. */
  readonly backoff?: { readonly type: "exponential" | "fixed"; readonly delay: Duration; readonly jitter?: number };
  /** Longest time of one run; default none. */
  readonly timeout?: Duration | null;
  /** How often and how long a job may be put back; default 50 times, 6 h. */
  readonly deferrals?: { readonly max?: number; readonly maxAge?: Duration };
  /** Longest stored payload; default 1 MiB. */
  readonly maxPayloadBytes?: number;
  /** How long ended jobs, and their ids, are remembered; default 24 h and 10,000 each. */
  readonly retention?: { readonly completed?: Retention; readonly failed?: Retention };
  /** A lower revision never replaces a higher one in Redis; default: the last start wins. */
  readonly revision?: number;
}

export interface Retention {
  readonly age?: Duration;
  readonly count?: number;
}

interface ResolvedRetention {
  readonly ageMs: number;
  readonly count: number;
}

export interface Queue<In = unknown, Out = unknown> {
  readonly kind: "queue";
  readonly name: string;
  readonly limiter: Limiter;
  /** For plain BullMQ access: `new Queue(bullmq.name, { prefix: bullmq.prefix })`. */
  readonly bullmq: { readonly name: string; readonly prefix: string };
  readonly payload: StandardSchema<In, Out> | null;
  readonly capacity: number;
  readonly watermarks: { readonly high: number; readonly low: number };
  readonly maxWaitMs: number;
  readonly throttledHigh: number;
  readonly throttledLow: number;
  readonly shed: { readonly slow?: number | undefined; readonly closed?: number | undefined } | null;
  readonly defaultPriority: number;
  readonly memoryHigh: number;
  /** The cost of every job, or null where it depends on the payload. */
  readonly uniformCost: Cost | null;
  readonly attempts: number;
  readonly backoff: { readonly type: "exponential" | "fixed"; readonly delayMs: number; readonly jitter: number };
  readonly timeoutMs: number | null;
  readonly deferrals: { readonly max: number; readonly maxAgeMs: number };
  readonly maxPayloadBytes: number;
  readonly retention: { readonly completed: ResolvedRetention; readonly failed: ResolvedRetention };
  readonly revision: number | null;
  costOf(payload: Out): Cost;
}

const DEFAULT_CAPACITY = 10_000;
const DEFAULT_PAYLOAD_BYTES = 1_048_576;
const DAY_MS = 86_400_000;

const DEFAULT_PRIORITY = 100;
/** BullMQ's. */
const MOST_PRIORITY = 2_097_151;

const priority = z.int().min(1).max(MOST_PRIORITY);
const share = z.number().gt(0).max(1);
const retained = z
  .strictObject({ age: durationSchema.default(DAY_MS), count: z.int().min(0).default(10_000) })
  .prefault({})
  .transform(({ age, count }) => Object.freeze({ ageMs: age, count }));

const schema = z
  .strictObject({
    capacity: z.int().min(1).max(10_000_000).default(DEFAULT_CAPACITY),
    watermarks: z.strictObject({ high: share.default(0.8), low: share.default(0.3) }).prefault({}),
    maxWait: durationSchema.default(30_000),
    throttledHigh: share.default(0.2),
    throttledLow: z.number().min(0).max(1).default(0.05),
    shed: z.strictObject({ slow: priority.optional(), closed: priority.optional() }).nullable().default(null),
    defaultPriority: priority.default(DEFAULT_PRIORITY),
    memoryHigh: share.default(0.85),
    attempts: z.int().min(1).max(1_000).default(3),
    backoff: z
      .strictObject({
        type: z.enum(["exponential", "fixed"]),
        delay: durationSchema,
        jitter: z.number().min(0).max(1).default(0),
      })
      .default({ type: "exponential", delay: 1_000, jitter: 0 }),
    timeout: durationSchema.nullable().default(null),
    deferrals: z
      .strictObject({ max: z.int().min(0).default(50), maxAge: durationSchema.default(DAY_MS / 4) })
      .prefault({}),
    maxPayloadBytes: z.int().min(2).max(536_870_912).default(DEFAULT_PAYLOAD_BYTES),
    retention: z.strictObject({ completed: retained, failed: retained }).prefault({}),
    revision: z.int().min(0).nullable().default(null),
  })
  .superRefine(({ watermarks, throttledHigh, throttledLow, shed }, context) => {
    if (shed?.slow !== undefined && shed.closed !== undefined && shed.closed > shed.slow) {
      context.addIssue({
        code: "custom",
        path: ["shed"],
        message: "expected closed to let pass no more than slow does: closed <= slow",
        input: shed,
      });
    }
    if (watermarks.low >= watermarks.high) {
      context.addIssue({ code: "custom", path: ["watermarks"], message: "expected low below high", input: watermarks });
    }
    if (throttledLow >= throttledHigh) {
      context.addIssue({
        code: "custom",
        path: ["throttledLow"],
        message: `expected less than throttledHigh (${throttledHigh})`,
        input: throttledLow,
      });
    }
  });

/**
 * Defines a queue: what its jobs are, how many may wait, and which limiter they share.
 * @throws HG_NAME_INVALID, HG_OPTION_INVALID, HG_COST_INVALID, HG_COST_ABOVE_LIMIT
 */
export function defineQueue<In = unknown, Out = In>(name: string, options: QueueOptions<In, Out> = {}): Queue<In, Out> {
  const what = `defineQueue(${JSON.stringify(name)})`;
  parseName(what, name);
  parseOptions(what, z.looseObject({}), options);
  const { limiter = limiterOf(name, {}, false), payload = null, cost = {}, ...rest } = options;
  checkParts(what, limiter, payload, cost);
  const { maxWait, backoff, timeout, deferrals, watermarks, retention, shed, ...resolved } = parseOptions(
    what,
    schema,
    rest,
  );
  const uniformCost = typeof cost === "function" ? null : checkCost(what, limiter, cost);
  return Object.freeze({
    kind: "queue" as const,
    name,
    limiter,
    bullmq: Object.freeze({ name, prefix: limiter.prefix }),
    payload,
    maxWaitMs: maxWait,
    backoff: Object.freeze({ type: backoff.type, delayMs: backoff.delay, jitter: backoff.jitter }),
    timeoutMs: timeout,
    deferrals: Object.freeze({ max: deferrals.max, maxAgeMs: deferrals.maxAge }),
    uniformCost,
    watermarks: Object.freeze(watermarks),
    shed: shed === null ? null : Object.freeze(shed),
    retention: Object.freeze(retention),
    costOf: (value: Out) => uniformCost ?? costFor(what, limiter, cost as CostOf<Out>, value),
    ...resolved,
  });
}

function checkParts(what: string, limiter: unknown, payload: unknown, cost: unknown): void {
  const { kind, limits } = (limiter ?? {}) as Partial<Limiter>;
  if (kind !== "limiter" || !Array.isArray(limits)) {
    throw headgateError("HG_OPTION_INVALID", {
      what: `${what}.limiter`,
      expected: "what defineLimiter() returned",
      got: shown(limiter),
    });
  }
  if (payload !== null && typeof (payload as StandardSchema)["~standard"]?.validate !== "function") {
    throw headgateError("HG_OPTION_INVALID", {
      what: `${what}.payload`,
      expected: "a Standard Schema, such as z.object({ … })",
      got: shown(payload),
    });
  }
  if (typeof cost !== "function" && (typeof cost !== "object" || cost === null)) {
    throw headgateError("HG_OPTION_INVALID", {
      what: `${what}.cost`,
      expected: "{ unit: number } or a function of the payload",
      got: shown(cost),
    });
  }
}
