import { z } from "zod";
import { type Duration, MOST_DURATION_MS, milliseconds } from "./duration.ts";

/** The latest time at which a job may start: a duration from now, a Date, or epoch milliseconds. */
export type Deadline = Duration | Date;

/** Epoch milliseconds are far above the longest duration (400 days), so the two cannot be mistaken. */
function leftOf(input: unknown): number | null {
  const at = input instanceof Date ? input.getTime() : input;
  if (input instanceof Date || (typeof at === "number" && at > MOST_DURATION_MS)) {
    return Number.isFinite(at) ? Math.max(0, Math.round((at as number) - Date.now())) : null;
  }
  return milliseconds(at);
}

/** A deadline in an options schema: the milliseconds that are left come out; 0 when it has passed. */
export const deadlineSchema: z.ZodType<number, Deadline> = z
  .custom<Deadline>((input) => leftOf(input) !== null, {
    error: 'expected a duration such as "30s", a Date, or epoch milliseconds',
  })
  .transform((input) => leftOf(input) as number);
