import type { LimitHint } from "./hints.ts";
import { spanMs } from "./time.ts";

/** A limit as it was read, with what the resolver needs to know of it. NaN stands for what was not said, too. */
export interface Counter {
  unit: string;
  /** The rule that may take its reset for a wait. `full`: the reset is when it is full again (OpenAI, Anthropic): never a wait. */
  rule: "ratelimit" | "reset-after" | "reset" | "full";
  limit?: number | undefined;
  remaining?: number | undefined;
  resetMs?: number | undefined;
  windowMs?: number | undefined;
  partition?: string | undefined;
}

/** Whole and never negative; nothing for what is no number. */
const countOf = (value: number | undefined = Number.NaN): number | undefined =>
  Number.isNaN(value) ? undefined : Math.min(Math.max(Math.floor(value), 0), Number.MAX_SAFE_INTEGER);

const ROUND_MS = [1e3, 6e4, 36e5, 864e5];

/**
 * Makes whole numbers of what was read, and adds what follows from it: a bucket that is full again in `reset` after a share of
 * it was taken refills all of it in a window. Resets are rounded by the API, so such a window is believed only within a tenth of
 * a round length.
 * @param usualMs length of this API's windows, where it does not say it
 */
export function finished(counter: Counter, usualMs: number | undefined): Counter {
  const limit = countOf(counter.limit) || undefined;
  const remaining = countOf(counter.remaining);
  let resetMs = spanMs(counter.resetMs);
  let windowMs = spanMs(counter.windowMs || usualMs);
  if (counter.rule === "full" && limit !== undefined && remaining !== undefined) {
    const taken = limit - remaining;
    const fullMs = ((resetMs ?? 0) * limit) / taken;
    windowMs ??= ROUND_MS.find((round) => Math.abs(fullMs - round) <= round / 10);
    if (windowMs !== undefined) resetMs ??= spanMs((windowMs * taken) / limit);
  }
  return { ...counter, limit, remaining, resetMs, windowMs };
}

export const saysSomething = ({ limit, remaining, resetMs }: Counter): boolean =>
  limit !== undefined || remaining !== undefined || !!resetMs;

const NAMES = ["unit", "limit", "remaining", "resetMs", "windowMs", "partition"] as const;

/** The public form: only what is known. */
export function limitHint(counter: Counter): LimitHint {
  const hint: Record<string, unknown> = {};
  for (const name of NAMES) if (counter[name] !== undefined) hint[name] = counter[name];
  return hint as unknown as LimitHint;
}
