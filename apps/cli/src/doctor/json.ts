import { z } from "zod";
import type { Finding } from "./checks.ts";

export interface Diagnosis {
  readonly healthy: boolean;
  readonly errors: number;
  readonly warnings: number;
  readonly findings: readonly Finding[];
}

/** Of `doctor`. */
export const doctorJson: z.ZodType<Diagnosis> = z.strictObject({
  healthy: z.boolean(),
  errors: z.int(),
  warnings: z.int(),
  findings: z.array(
    z.strictObject({
      check: z.enum(["redis", "eviction", "memory", "latency", "clock", "bullmq", "workers", "cluster"]),
      level: z.enum(["ok", "warning", "error"]),
      found: z.string(),
      fix: z.string().nullable(),
    }),
  ),
});
