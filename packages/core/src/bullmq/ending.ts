/** How a permit ends; DESIGN.md section 2. */
export type Outcome = "ok" | "throttled" | "failed" | "released";

/** A counter of the API, as its newest answer told of it. */
export interface KnownLimit {
  readonly unit: string;
  readonly limit?: number;
  readonly remaining?: number;
  /** ms from now on. */
  readonly resetMs?: number;
  readonly windowMs?: number;
}

/** What a run tells about its end, before BullMQ moves the job. */
export interface Ending {
  readonly outcome: Outcome;
  /** How long the API asks to be left alone (ms); 0 when it said nothing. */
  readonly retryAfterMs: number;
  /** The real cost by unit, or null where it is the reserved one. */
  readonly spent: Readonly<Record<string, number>> | null;
  /** A throttled call that no waiting of minutes helps: the gate shuts, and nothing is learned from it. */
  readonly terminal?: boolean;
  /** What the API said of its counters; left out when it said nothing. */
  readonly limits?: readonly KnownLimit[];
  /** How long ago the call was sent that was answered so (ms). */
  readonly limitsAgeMs?: number;
}

/** One array for all who know nothing. */
export const NO_LIMITS: readonly KnownLimit[] = [];

/** A run that says nothing (a plain BullMQ call on the backend) neither feeds the controller nor refunds anything. */
export const silentEnding: Ending = { outcome: "failed", retryAfterMs: 0, spent: null };

/** What stands in the ending (lua/lib/hinted.lua): 0 for nothing, -1 for a number that was not said. */
export function limitsText(limits: readonly KnownLimit[], ageMs: number): string {
  if (limits.length === 0) return "0";
  const counters = limits.map(({ unit, limit = -1, remaining = -1, resetMs = -1, windowMs = -1 }) => [
    unit,
    limit,
    remaining,
    resetMs,
    windowMs,
  ]);
  return JSON.stringify([Math.round(ageMs), ...counters]);
}

/** What a worker holds for one active job. */
export interface Permit {
  /** As the script gave it (lua/lib/permit.lua, permit_take); goes back with the outcome. */
  readonly granted: string;
  /** With the job's id, what makes an ending that is sent twice recognisable. */
  readonly attemptsStarted: string;
  readonly deferrals: number;
  /** Epoch ms of the first deferral, on Redis' clock; null when there was none. */
  readonly deferredAt: number | null;
  /** It was granted after the job's deadline. Both are on Redis' clock: ours may be minutes off. */
  readonly late: boolean;
}

/** The flat hash that BullMQ's scripts answer for a job, as far as Headgate reads it: one pass, for it is done for every job. */
export function readPermit(flat: readonly string[], granted: string): Permit {
  let attemptsStarted = "0";
  let deferrals = 0;
  let deferredAt: number | null = null;
  let late = false;
  for (let index = 0; index < flat.length; index += 2) {
    const value = flat[index + 1] as string;
    switch (flat[index]) {
      case "ats":
        attemptsStarted = value;
        break;
      case "hg:deferrals":
        deferrals = Number(value);
        break;
      case "hg:deferredAt":
        deferredAt = Number(value);
        break;
      case "hg:deadline":
        late = grantedAt(granted) > Number(value);
        break;
    }
  }
  return { granted, attemptsStarted, deferrals, deferredAt, late };
}

/** Epoch ms on Redis' clock, which a permit carries in microseconds. */
const grantedAt = (granted: string): number => Number(granted.split(",")[2] ?? 0) / 1_000;

/** The arguments behind BullMQ's: whether the ending is an ok and nothing more, and all of it (lua/lib/finish.lua). */
export function endingArgs(
  worker: number,
  free: number,
  token: string,
  permit: Permit | undefined,
  { outcome, retryAfterMs, spent, terminal, limits = NO_LIMITS, limitsAgeMs = 0 }: Ending,
): string[] {
  const granted = permit?.granted ?? "";
  const plain = outcome === "ok" && spent === null && limits.length === 0 && !granted.startsWith("1");
  // Written by hand: JSON.stringify of the same array cost 4 us, of 57 that a job costs on plain BullMQ.
  const rest = `"${terminal ? "quota" : outcome}",${Math.ceil(retryAfterMs)},${spent ? JSON.stringify(spent) : "false"},${limitsText(limits, limitsAgeMs)},""`;
  return [
    plain ? "1" : "0",
    `[${worker},${free},[${granted}],"${permit?.attemptsStarted ?? ""}",${JSON.stringify(token)},${rest}]`,
  ];
}
