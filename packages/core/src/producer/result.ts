export type Level = "open" | "slow" | "closed";
export type RefusalReason = "full" | "closed" | "paced" | "paused" | "timeout";

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
  /** When it is worth asking again (ms), from the measured drain rate. */
  readonly retryAfterMs: number;
  readonly depth: number;
  readonly level: Level;
}

export type EnqueueResult = Accepted | Refused;

/** A refusal as the script gives it: with the paced slot that it reserved (ms on Redis' clock), 0 if it did not. */
export interface Refusal extends Refused {
  readonly slot: number;
}

/** As the scripts number them. */
const levels = ["open", "slow", "closed"] as const;

/** Decodes lua/commands/add.lua's reply. */
export function readAdmission(reply: unknown, id: string): Accepted | Refusal {
  if (!Array.isArray(reply)) throw new TypeError(`unexpected reply of admission: ${String(reply)}`);
  const [accepted, second, depth, code, retryAfterMs, slot] = reply as [
    number,
    number | string,
    number,
    number,
    number?,
    string?,
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
  };
}

export const withoutSlot = ({ slot: _, ...refused }: Refusal): Refused => refused;
