export type Level = "open" | "slow" | "closed";
/**
 * - `full`: depth is at capacity. `closed`: the level is. `paced`: it is `slow`, and the next place is not free yet
 * - `paused`: by an operator. `memory`: Redis is nearly full
 * - `shed`: at this level only more urgent jobs are admitted (`defineQueue`'s `shed`)
 * - `deadline`: the job would not run before its deadline
 * - `timeout`: no room in the time that it would wait. `local`: `maxWaiting` enqueues of this producer wait already
 */
export type RefusalReason =
  | "full"
  | "closed"
  | "paced"
  | "paused"
  | "memory"
  | "shed"
  | "deadline"
  | "timeout"
  | "local";

export interface Accepted {
  readonly accepted: true;
  readonly id: string;
  /** True when a job with this id was there already; nothing was added. */
  readonly duplicate: boolean;
  readonly depth: number;
  readonly level: Level;
}

export interface Refused {
  readonly accepted: false;
  readonly reason: RefusalReason;
  /** When it is worth asking again (ms), from the measured drain rate and, for one that waited, its place in line. */
  readonly retryAfterMs: number;
  readonly depth: number;
  readonly level: Level;
}

export type EnqueueResult = Accepted | Refused;

/** A refusal as the script gives it. */
export interface Refusal extends Refused {
  /** The paced slot that it reserved (ms on Redis' clock); 0 if it did not. */
  readonly slot: number;
  /** When one that waits asks again unless it is told before (ms); 0: after `retryAfterMs`. */
  readonly askAfterMs: number;
  /** A job drains in this (ms); 0: unknown. */
  readonly everyMs: number;
}

/** As the scripts number them. */
const levels = ["open", "slow", "closed"] as const;

/** Decodes lua/commands/add.lua's reply. */
export function readAdmission(reply: unknown, id: string): Accepted | Refusal {
  if (!Array.isArray(reply)) throw new TypeError(`unexpected reply of admission: ${String(reply)}`);
  const [accepted, second, depth, code, retryAfterMs, slot, askAfterMs, everyMs] = reply as [
    number,
    number | string,
    number,
    number,
    number?,
    string?,
    number?,
    number?,
  ];
  const level = levels[code] ?? "closed";
  if (accepted === 1) return { accepted: true, id, duplicate: second === 1, depth, level };
  return {
    accepted: false,
    reason: second as RefusalReason,
    retryAfterMs: Number(retryAfterMs),
    depth,
    level,
    slot: Number(slot ?? 0),
    askAfterMs: Number(askAfterMs ?? 0),
    everyMs: Number(everyMs ?? 0),
  };
}

/** The refusal as the caller gets it. */
export const refusedOf = (
  { retryAfterMs, depth, level, reason }: Refusal,
  instead: Partial<Refused> = {},
): Refused => ({ accepted: false, reason, retryAfterMs, depth, level, ...instead });

/** Not worth waiting for: waiting is what shedding saves, and a deadline only comes nearer. */
export const isFinal = ({ reason }: Refused): boolean => reason === "shed" || reason === "deadline";
