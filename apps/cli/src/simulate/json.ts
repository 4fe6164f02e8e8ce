import type { Figures } from "headgate/internal";
import { z } from "zod";

export interface Simulated extends Figures {
  readonly api: string;
  readonly seconds: number;
  readonly seed: number;
  /** False when a signal ended it before its time. */
  readonly complete: boolean;
}

/** Of `simulate`. */
export const simulateJson: z.ZodType<Simulated> = z.strictObject({
  api: z.string(),
  seconds: z.number(),
  seed: z.int(),
  complete: z.boolean(),
  calls: z.int(),
  accepted: z.int(),
  throttled: z.int(),
  goodput: z.number(),
  throttledShare: z.number(),
  throttledInFirst5s: z.int(),
  throttledInFirstMinute: z.int(),
  settleMs: z.number().nullable(),
  maxDepth: z.number().nullable(),
});
