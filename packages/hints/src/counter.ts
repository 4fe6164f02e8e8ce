import type { LimitHint } from "./hints.ts";

/** A limit as it was read, with what the resolver needs to know of it. */
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

export const saysSomething = ({ limit, remaining, resetMs }: Counter): boolean =>
  limit !== undefined || remaining !== undefined || !!resetMs;

const NUMBERS = ["limit", "remaining", "resetMs", "windowMs"] as const;

/** The public form: only what is known. */
export function limitHint(counter: Counter): LimitHint {
  const { unit, partition } = counter;
  const hint: { unit: string; partition?: string } & Partial<Record<(typeof NUMBERS)[number], number>> = { unit };
  for (const name of NUMBERS) {
    const value = counter[name];
    if (value !== undefined) hint[name] = value;
  }
  if (partition !== undefined) hint.partition = partition;
  return hint;
}
