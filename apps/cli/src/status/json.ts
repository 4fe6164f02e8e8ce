import type { LimiterStatus, QueueStatus } from "headgate/control";
import { z } from "zod";
import type { Status } from "./read.ts";

const epochMs = z.number().nullable();

const limiter: z.ZodType<LimiterStatus> = z.strictObject({
  limiter: z.string(),
  rate: z.number().nullable(),
  phase: z.enum(["idle", "free", "ramp", "flush", "steady"]),
  adaptive: z.boolean(),
  gate: z.strictObject({
    closed: z.boolean(),
    until: epochMs,
    remainingMs: z.number(),
    reason: z.string().nullable(),
    halfOpen: z.boolean(),
  }),
  learned: z
    .strictObject({
      rate: z.number(),
      ageMs: z.number(),
      concurrency: z.number().nullable(),
      told: z.number().nullable(),
    })
    .nullable(),
  inFlight: z.int(),
  concurrency: z.int().nullable(),
  limits: z.array(
    z.strictObject({
      unit: z.string(),
      amount: z.number(),
      perMs: z.number(),
      burst: z.number(),
      remaining: z.number(),
    }),
  ),
  acceptedPerSecond: z.number(),
  throttledPerSecond: z.number(),
  throttledShare: z.number().min(0).max(1),
  totals: z.strictObject({
    granted: z.int(),
    ok: z.int(),
    throttled: z.int(),
    failed: z.int(),
    released: z.int(),
    refused: z.int(),
    expired: z.int(),
  }),
  shutMs: z.number(),
  queues: z.array(z.string()),
  overridden: z.boolean(),
  disagreement: z.string().nullable(),
});

const queue: z.ZodType<QueueStatus> = z.strictObject({
  queue: z.string(),
  limiter: z.string(),
  depth: z.int(),
  capacity: z.int(),
  overCapacity: z.int(),
  level: z.enum(["open", "slow", "closed"]),
  reason: z.string().nullable(),
  since: z.number(),
  version: z.int(),
  reviewAt: epochMs,
  drainPerSecond: z.number(),
  oldestJobAgeMs: z.number().nullable(),
  retryAfterMs: z.number(),
  counts: z.strictObject({
    wait: z.int(),
    paused: z.int(),
    prioritized: z.int(),
    delayed: z.int(),
    active: z.int(),
    "waiting-children": z.int(),
    completed: z.int(),
    failed: z.int(),
  }),
  skipped: z.int(),
  paused: z.boolean(),
  pauseReason: z.string().nullable(),
  disagreement: z.string().nullable(),
});

/** Of `status`, and of each look of `status --watch`. */
export const statusJson: z.ZodType<Status> = z.strictObject({
  at: z.number(),
  limiters: z.array(limiter),
  queues: z.array(queue),
});
