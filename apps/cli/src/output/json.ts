import { z } from "zod";
import type { Problem } from "./problem.ts";

export const problemJson: z.ZodType<Problem> = z.strictObject({
  /** Null for an error that is not one of Headgate's. */
  code: z
    .string()
    .regex(/^HG_[A-Z_]+$/)
    .nullable(),
  message: z.string(),
  expected: z.string().exactOptional(),
  got: z.string().exactOptional(),
  fix: z.string().exactOptional(),
});

/** Of every command that fails before it has a result. */
export const errorJson: z.ZodType<{ readonly error: Problem }> = z.strictObject({ error: problemJson });
