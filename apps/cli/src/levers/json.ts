import { z } from "zod";

interface Pulled {
  readonly kind: "queue" | "limiter";
  readonly name: string;
}

export interface Paused extends Pulled {
  readonly action: "pause";
  /** As it was given: null for until resumed. */
  readonly for: string | null;
  readonly reason: string | null;
}

export interface Resumed extends Pulled {
  readonly action: "resume";
}

const pulled = { kind: z.enum(["queue", "limiter"]), name: z.string() };

/** Of `pause`. */
export const pauseJson: z.ZodType<Paused> = z.strictObject({
  action: z.literal("pause"),
  ...pulled,
  for: z.string().nullable(),
  reason: z.string().nullable(),
});

/** Of `resume`. */
export const resumeJson: z.ZodType<Resumed> = z.strictObject({ action: z.literal("resume"), ...pulled });
