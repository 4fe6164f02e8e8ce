import type { Control } from "headgate/control";
import { z } from "zod";

/** Of `move`. */
export const moveJson: z.ZodType<Awaited<ReturnType<Control["move"]>>> = z.strictObject({
  queue: z.string(),
  from: z.string(),
  to: z.string(),
  keys: z.int(),
  jobs: z.int(),
});
