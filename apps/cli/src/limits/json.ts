import type { Limiter } from "headgate";
import type { LimiterStatus } from "headgate/control";
import { z } from "zod";

export interface LimitsAnswer
  extends Pick<LimiterStatus, "limiter" | "overridden" | "limits" | "concurrency" | "rate" | "inFlight"> {
  /** What the code says. */
  readonly declared: Pick<Limiter, "limits" | "concurrency">;
}

const limit = { unit: z.string(), amount: z.number(), perMs: z.number(), burst: z.number() };

/** Of `limits`. */
export const limitsJson: z.ZodType<LimitsAnswer> = z.strictObject({
  limiter: z.string(),
  overridden: z.boolean(),
  limits: z.array(z.strictObject({ ...limit, remaining: z.number() })),
  concurrency: z.int().nullable(),
  rate: z.number().nullable(),
  inFlight: z.int(),
  declared: z.strictObject({ limits: z.array(z.strictObject(limit)), concurrency: z.int().nullable() }),
});
