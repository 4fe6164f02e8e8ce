import { getNextMillis, type RepeatOptions } from "bullmq";
import { z } from "zod";
import { type Duration, durationSchema } from "../define/duration.ts";
import { parseOptions } from "../define/options.ts";
import { headgateError } from "../errors.ts";

/** When a schedule's iterations are due: one of `every` and `cron`. */
export interface ScheduleOptions {
  /** The first at once, the others this far apart; at least 100 ms. */
  readonly every?: Duration;
  /** A cron expression of five fields, or six with seconds in front. */
  readonly cron?: string;
  /** The time zone in which `cron` is read, as `Europe/Berlin`; default: the process's own. */
  readonly tz?: string;
  /** As for `enqueue`, of every iteration. */
  readonly priority?: number;
}

export interface Scheduled {
  readonly id: string;
  /** When the next iteration is due (epoch ms). */
  readonly nextAt: number;
}

const EVERY_LEAST_MS = 100;

const schema = z
  .strictObject({
    every: durationSchema
      .refine((ms) => ms >= EVERY_LEAST_MS, { message: `expected at least ${EVERY_LEAST_MS} ms` })
      .optional(),
    cron: z.string().optional(),
    tz: z.string().optional(),
    priority: z.int().min(1).max(2_097_151).default(0),
  })
  .superRefine(({ every, cron, tz }, context) => {
    if ((every === undefined) === (cron === undefined)) {
      context.addIssue({ code: "custom", message: "expected one of every and cron", input: { every, cron } });
    }
    if (tz !== undefined && cron === undefined) {
      context.addIssue({ code: "custom", path: ["tz"], message: "expected only with cron", input: tz });
    }
  });

export interface ResolvedSchedule {
  readonly repeat: RepeatOptions;
  readonly priority: number;
}

/** @throws HG_OPTION_INVALID */
export function resolveSchedule(options: ScheduleOptions): ResolvedSchedule {
  const { every, cron, tz, priority } = parseOptions("schedule", schema, options);
  if (every !== undefined) return { repeat: { every }, priority };
  const repeat: RepeatOptions = { pattern: cron ?? "", ...(tz === undefined ? {} : { tz }) };
  let next: number | undefined;
  try {
    next = getNextMillis(Date.now(), repeat);
  } catch (cause) {
    throw notCron(cron, tz, cause);
  }
  if (next === undefined) throw notCron(cron, tz);
  return { repeat, priority };
}

const notCron = (cron: unknown, tz: unknown, cause?: unknown): Error =>
  headgateError("HG_OPTION_INVALID", {
    what: "schedule.cron",
    expected: "a cron expression that is due one day, in a known time zone",
    got: tz === undefined ? cron : `${cron} in ${tz}`,
    cause,
  });
