import { z } from "zod";
import { headgateError } from "../errors.ts";

/** `"250ms"`, `"30s"`, `"1.5h"`, `"1d"`, or a number of milliseconds; rounded to whole ones. */
export type Duration = number | `${number}${"ms" | "s" | "m" | "h" | "d"}`;

const UNIT_MS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
/** The longest duration. */
export const MOST_DURATION_MS: number = 400 * UNIT_MS.d;
const PATTERN = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/;

/** Pure: milliseconds of a duration, null when it is none. */
export function milliseconds(input: unknown): number | null {
  const match = typeof input === "string" ? PATTERN.exec(input) : null;
  const ms = match ? Number(match[1]) * UNIT_MS[match[2] as keyof typeof UNIT_MS] : input;
  if (typeof ms !== "number" || !Number.isFinite(ms) || ms < 0 || ms > MOST_DURATION_MS) return null;
  // Redis' PX and BullMQ's delays take whole numbers; "1.1h" is 3960000.0000000005. What is set never becomes 0.
  const whole = Math.round(ms);
  return whole === 0 && ms > 0 ? null : whole;
}

const EXPECTED = 'a duration such as "250ms", "30s", "5m", "6h", "1d", or milliseconds; 0, or 1 ms to 400 days';

/** Milliseconds of a duration. @throws HG_OPTION_INVALID */
export function parseDuration(input: Duration): number {
  const ms = milliseconds(input);
  if (ms === null) throw headgateError("HG_OPTION_INVALID", { what: "duration", expected: EXPECTED, got: input });
  return ms;
}

/** A duration in an options schema: milliseconds come out. */
export const durationSchema: z.ZodType<number, Duration> = z
  .custom<Duration>((input) => milliseconds(input) !== null, {
    error: `expected ${EXPECTED}`,
  })
  .transform((input) => milliseconds(input) as number);
