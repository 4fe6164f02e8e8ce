import type { FailedJob } from "headgate/control";
import { z } from "zod";

const job = {
  id: z.string(),
  failedAt: z.number(),
  enqueuedAt: z.number(),
  reason: z.string(),
  attemptsMade: z.int(),
  deferrals: z.int(),
  priority: z.int().nullable(),
};

export interface FailedList {
  readonly queue: string;
  /** All of them; `jobs` are the newest. */
  readonly total: number;
  readonly jobs: readonly Omit<FailedJob, "payload">[];
}

/** Of `failed <queue> list`: never payloads. */
export const failedListJson: z.ZodType<FailedList> = z.strictObject({
  queue: z.string(),
  total: z.int(),
  jobs: z.array(z.strictObject(job)),
});

export interface FailedRetry {
  readonly queue: string;
  readonly retried: readonly string[];
  /** Not in the failed set. */
  readonly missing: readonly string[];
}

/** Of `failed <queue> retry`. */
export const failedRetryJson: z.ZodType<FailedRetry> = z.strictObject({
  queue: z.string(),
  retried: z.array(z.string()),
  missing: z.array(z.string()),
});

/** Of each line of `failed <queue> export`. */
export const failedExportJson: z.ZodType<FailedJob> = z.strictObject({ ...job, payload: z.unknown() });

export interface Envelope {
  readonly id: string;
  readonly payload: unknown;
  readonly priority?: number;
}

/** Of each line of `failed <queue> export --envelope`. */
export const envelopeJson: z.ZodType<Envelope> = z.strictObject({
  id: z.string(),
  payload: z.unknown(),
  priority: z.int().exactOptional(),
});
