import { z } from "zod";
import { problemJson } from "../output/json.ts";
import type { Summary } from "./tally.ts";

/** Of `enqueue`. */
export const enqueueJson: z.ZodType<Summary> = z.strictObject({
  queue: z.string(),
  lines: z.int(),
  accepted: z.int(),
  duplicates: z.int(),
  refused: z.int(),
  refusedBy: z.record(z.string(), z.int()),
  invalid: z.int(),
  invalidLines: z.array(z.strictObject({ line: z.int().min(1), why: z.string() })).max(100),
  unknown: z.int(),
  resumeFromLine: z.int().min(1).nullable(),
  withoutId: z.int(),
  waitedMs: z.number(),
  seconds: z.number(),
  interrupted: z.boolean(),
  error: problemJson.nullable(),
});
