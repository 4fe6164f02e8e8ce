import { z } from "zod";

/** What the gateway answers; the document is made from these, and the tests read every answer with them. */

const level = z.enum(["open", "slow", "closed"]);

export const acceptedSchema: z.ZodType = z.object({
  accepted: z.literal(true),
  id: z.string(),
  duplicate: z.boolean().describe("A job with this id was there already; nothing was added."),
  depth: z.int().describe("Jobs of the queue, admitted and not finished."),
  level,
});

export const problemSchema: z.ZodType = z.object({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  detail: z.string(),
  "violated-policies": z.array(z.string()).optional(),
  reason: z.string().optional().describe("Why the job was refused."),
  retryAfterMs: z.number().optional().describe("When it is worth asking again (ms)."),
  depth: z.int().optional(),
  level: level.optional(),
  code: z.string().optional().describe("docs/errors.md says what each means."),
  id: z.string().optional().describe("Send the job again with this Idempotency-Key: one job comes of it."),
  outcome: z.enum(["unknown", "not-sent"]).optional().describe("Whether the job may have been stored."),
});

const line = { line: z.int().min(1).describe("Counted from 1, blank lines left out."), status: z.int() };

export const lineSchema: z.ZodType = z.union([
  (acceptedSchema as z.ZodObject).extend(line),
  (problemSchema as z.ZodObject).extend(line),
]);

export const statusSchema: z.ZodType = z.object({
  queue: z.string(),
  limiter: z.string(),
  depth: z.int(),
  capacity: z.int(),
  overCapacity: z.int(),
  level,
  reason: z.string().nullable(),
  since: z.number().describe("Epoch ms on Redis' clock."),
  version: z.int(),
  reviewAt: z.number().nullable().describe("When a closed level is looked at again at the latest."),
  drainPerSecond: z.number(),
  oldestJobAgeMs: z.number().nullable(),
  retryAfterMs: z.number(),
  counts: z.record(z.string(), z.int()),
  skipped: z.int().describe("Iterations of schedules that came due while it was closed."),
  paused: z.boolean(),
  pauseReason: z.string().nullable(),
  disagreement: z.string().nullable(),
});
