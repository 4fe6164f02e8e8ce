import { z } from "zod";

/** Of `init`. */
export const initJson: z.ZodType<{ readonly folder: string; readonly files: readonly string[] }> = z.strictObject({
  folder: z.string(),
  files: z.array(z.string()),
});
