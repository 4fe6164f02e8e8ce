import { ACCEPTED, type Api, type Counter, refusedFor } from "./api.ts";

export interface Step {
  readonly fromMs: number;
  /** Calls per second from then on. */
  readonly rate: number;
}

/** A token bucket, full at the start. A list of steps, the first from 0, is a limit that moves. */
export function tokenBucket({ rate, burst }: { rate: number | readonly Step[]; burst: number }): Api {
  const steps = typeof rate === "number" ? [{ fromMs: 0, rate }] : rate;
  let level = burst;
  let filledAt = 0;
  return {
    call: ({ at }) => {
      level = Math.min(burst, level + refilled(steps, filledAt, at));
      filledAt = at;
      if (level >= 1) {
        level -= 1;
        return ACCEPTED;
      }
      return refusedFor(((1 - level) * 1_000) / rateAt(steps, at));
    },
    capacity: (fromMs, tillMs) => refilled(steps, fromMs, tillMs),
    counters: (at) => {
      const rate = rateAt(steps, at);
      const now = Math.min(burst, level + refilled(steps, filledAt, at));
      return [fillingCounter("requests", burst, now, rate)];
    },
  };
}

/** Its reset is when it is full again. */
const fillingCounter = (unit: string, size: number, level: number, perSecond: number): Counter => ({
  unit,
  limit: size,
  remaining: Math.floor(level),
  resetMs: ((size - level) * 1_000) / perSecond,
  windowMs: (size * 1_000) / perSecond,
});

const rateAt = (steps: readonly Step[], at: number): number => steps.findLast(({ fromMs }) => fromMs <= at)?.rate ?? 0;

function refilled(steps: readonly Step[], fromMs: number, tillMs: number): number {
  let sum = 0;
  for (const [index, step] of steps.entries()) {
    const till = Math.min(tillMs, steps[index + 1]?.fromMs ?? Number.POSITIVE_INFINITY);
    sum += (Math.max(0, till - Math.max(fromMs, step.fromMs)) * step.rate) / 1_000;
  }
  return sum;
}

export interface Unit {
  readonly unit: string;
  readonly amount: number;
  readonly perMs: number;
  /** Default: the whole amount. */
  readonly burst?: number;
}

/** A bucket for each unit; a call needs room in all of them. `full`: how full they are at the start. */
export function meteredBuckets(units: readonly Unit[], full: number = 1): Api {
  const levels = units.map(({ amount, burst = amount }) => full * burst);
  let filledAt = 0;
  return {
    call: ({ at, cost }) => {
      let waitMs = 0;
      for (const [index, { unit, amount, perMs, burst = amount }] of units.entries()) {
        const level = Math.min(burst, (levels[index] ?? 0) + ((at - filledAt) * amount) / perMs);
        levels[index] = level;
        waitMs = Math.max(waitMs, (((cost[unit] ?? 0) - level) * perMs) / amount);
      }
      filledAt = at;
      if (waitMs > 0) return refusedFor(waitMs);
      for (const [index, { unit }] of units.entries()) levels[index] = (levels[index] ?? 0) - (cost[unit] ?? 0);
      return ACCEPTED;
    },
    counters: (at) =>
      units.map(({ unit, amount, perMs, burst = amount }, index) => {
        const level = Math.min(burst, (levels[index] ?? 0) + ((at - filledAt) * amount) / perMs);
        return fillingCounter(unit, burst, level, (amount * 1_000) / perMs);
      }),
    capacity: (fromMs, tillMs, meanCost = {}) =>
      Math.min(...units.map(({ unit, amount, perMs }) => ((tillMs - fromMs) * amount) / perMs / (meanCost[unit] ?? 1))),
  };
}
