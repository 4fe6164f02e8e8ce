import type { Place } from "./place.ts";
import type { LimiterStatus } from "./status.ts";

/** How long each thing that holds a job will hold it, in ms; what does not hold it is 0. */
export interface Waits {
  readonly delayMs: number;
  readonly gateMs: number;
  /** One a limit, in the limiter's order: until its whole cost, behind everybody before it, fits. */
  readonly limitsMs: readonly number[];
  /** Until the learned rate has let everybody before it pass. */
  readonly rateMs: number;
  /** Until one of the limiter's `concurrency` slots is free for it. */
  readonly concurrencyMs: number;
  /** Until a worker has a hand free; only known while permits are free and jobs wait all the same. */
  readonly workersMs: number;
  /**
   * At the pace at which its queue's jobs started since it came; what a model of limits does not know: turns that other
   * queues left unused, a burst so small that a late timekeeper loses permits. 0 when too few have started.
   */
  readonly paceMs: number;
  /** How long a run takes; null when none has ended yet. */
  readonly runMs: number | null;
}

/** lua/lib/law.lua: a ramp grows e-fold in this time. */
const RAMP_TAU_S = 0.45;
/** Below this share of the permitted rate the queue is not held by permits. */
const UNUSED_SHARE = 0.9;
const LEAST_STARTS = 8;
/** Fewer would make a pace of chance. */
const LEAST_PACE_STARTS = 16;

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

/** Pure: everything that a job in line has to wait for. A queue that shares its limiter takes turns with the others. */
export function waitsOf(place: Place, limiter: LimiterStatus): Waits {
  const gateMs = limiter.gate.remainingMs;
  const runMs = place.runs.length > 0 ? mean(place.runs.map(([start, end]) => Math.max(0, end - start))) : null;
  const before = turnsBefore(place);
  const share = place.ahead > 0 ? before / place.ahead : 1;
  return {
    delayMs: place.state === "delayed" ? place.dueInMs : 0,
    gateMs,
    limitsMs: limiter.limits.map((limit, index) => {
      const cost = Math.min(place.cost[index] ?? 0, limit.burst);
      if ((place.cost[index] ?? 0) === 0) return 0;
      // What the bucket gains while the gate is shut is bounded by its burst. Its refill: lua/lib/bucket.lua.
      const refill = (limit.amount - limit.burst + 1) / limit.perMs;
      const level = Math.min(limit.burst, limit.remaining + gateMs * refill);
      return Math.max(0, ((place.costAhead[index] ?? 0) * share + cost - level) / refill);
    }),
    rateMs: (gateMs > 0 ? 0 : place.paceInMs) + rateMs(before, limiter),
    concurrencyMs: slotsMs(before + 1, gateMs > 0 ? 0 : limiter.inFlight, limiter.concurrency, runMs),
    workersMs: workersMs(place, limiter, runMs),
    paceMs: gateMs > 0 || place.state === "delayed" ? 0 : paceMs(place),
    runMs,
  };
}

/** Jobs that get their permits before this one, over all queues of the limiter. */
export function turnsBefore({ ahead, others, returningInMs, state }: Place): number {
  const mine = ahead + (state === "wait" || state === "prioritized" ? returningInMs.length : 0);
  return mine + others.reduce((sum, waiting) => sum + Math.min(waiting, mine), 0);
}

function rateMs(before: number, { rate, phase, limits }: LimiterStatus): number {
  if (rate === null || before <= 0) return 0;
  if (phase !== "ramp") return (before / rate) * 1_000;
  const declared = limits
    .filter(({ unit }) => unit === "requests")
    .map(({ amount, perMs }) => (amount / perMs) * 1_000);
  const top = Math.max(rate, Math.min(...declared));
  const rampS = Number.isFinite(top) ? RAMP_TAU_S * Math.log(top / rate) : Number.POSITIVE_INFINITY;
  const inRamp = (Number.isFinite(top) ? top - rate : Number.POSITIVE_INFINITY) * RAMP_TAU_S;
  if (before <= inRamp) return RAMP_TAU_S * Math.log(1 + before / (rate * RAMP_TAU_S)) * 1_000;
  return (rampS + (before - inRamp) / top) * 1_000;
}

/** Until `turns` more jobs have got one of so many slots, each of which is free again after a run. */
function slotsMs(turns: number, taken: number, slots: number | null, runMs: number | null): number {
  if (slots === null || runMs === null) return 0;
  return Math.max(0, ((taken + turns - slots) * runMs) / slots);
}

/** While the job itself was waiting its queue had work all the time: only starts since it came tell the pace. */
function paceMs(place: Place): number {
  const starts = startsOf(place).filter((at) => at >= place.enqueuedAt);
  if (starts.length < LEAST_PACE_STARTS) return 0;
  const took = (starts.at(-1) ?? 0) - (starts[0] ?? 0);
  return ((place.ahead + 1) * took) / (starts.length - 1);
}

const startsOf = ({ runs, runningSince }: Place): readonly number[] =>
  [...runs.map(([start]) => start), ...runningSince].sort((a, b) => a - b);

/**
 * Jobs wait although permits are free: all hands of the workers are full. How many there are is what runs now. That
 * permits are free at one moment proves little (a bucket is full whenever a timekeeper is late), so the rate of the
 * last starts has to be below what the limits allow as well.
 */
function workersMs(place: Place, limiter: LimiterStatus, runMs: number | null): number {
  const hands = place.runningSince.length;
  if (runMs === null || hands === 0 || place.permitInMs !== 0 || place.state === "delayed") return 0;
  const starts = startsOf(place);
  const first = starts[0] ?? 0;
  const last = starts.at(-1) ?? 0;
  if (starts.length < LEAST_STARTS || last <= first) return 0;
  const perSecond = ((starts.length - 1) / (last - first)) * 1_000;
  // Of what the limits allow, other queues that wait take their turns.
  const share = Math.max(1, (turnsBefore(place) + 1) / (place.ahead + 1));
  const allowed = Math.min(limiter.rate ?? Number.POSITIVE_INFINITY, limitRate(place, limiter)) / share;
  if (perSecond > allowed * UNUSED_SHARE) return 0;
  return ((place.ahead + 1) * runMs) / hands;
}

/** Jobs like this one per second that the limits allow. */
const limitRate = ({ cost }: Place, { limits }: LimiterStatus): number =>
  Math.min(
    Number.POSITIVE_INFINITY,
    ...limits.map(({ amount, perMs }, index) => ((amount / perMs) * 1_000) / (cost[index] ?? 0)),
  );

/**
 * When it should start. What holds the queue works off what is ahead while the job itself is not due yet; a shut gate
 * holds everybody, and its end is followed by a probe, which takes one run.
 */
export function startsInMs(waits: Waits): number {
  const { delayMs, gateMs, limitsMs, rateMs, concurrencyMs, workersMs, paceMs, runMs } = waits;
  const queueMs = Math.max(rateMs, concurrencyMs, workersMs, paceMs, ...limitsMs);
  const probeMs = gateMs > 0 ? (runMs ?? 0) : 0;
  return Math.max(delayMs, gateMs + probeMs + queueMs);
}
