import type { Explanation } from "headgate/control";
import { z } from "zod";

const epochMs = z.number().nullable();

const cause: z.ZodType<Explanation["causes"][number]> = z.strictObject({
  cause: z.enum([
    "gate",
    "probe",
    "pause",
    "concurrency",
    "rate",
    "limit",
    "delay",
    "retry",
    "deferral",
    "children",
    "workers",
    "jobs-ahead",
  ]),
  detail: z.string(),
  forMs: z.number().nullable(),
  unit: z.string().exactOptional(),
  missing: z.number().exactOptional(),
});

/** Of `explain`. */
export const explanationJson: z.ZodType<Explanation> = z.strictObject({
  id: z.string(),
  queue: z.string(),
  limiter: z.string(),
  state: z.enum(["wait", "prioritized", "delayed", "active", "waiting-children", "completed", "failed", "unknown"]),
  causes: z.array(cause),
  until: epochMs,
  startsInMs: z.number().nullable(),
  ahead: z.int(),
  enqueuedAt: z.number(),
  startedAt: epochMs,
  finishedAt: epochMs,
  attemptsMade: z.int(),
  attempts: z.int(),
  deferrals: z.int(),
  failedReason: z.string().nullable(),
  parent: z.string().nullable(),
  workers: z.int().nullable(),
  worker: z.string().nullable(),
  lockMs: z.number().nullable(),
  stalls: z.int(),
  deadline: epochMs,
});
