import { grantedInMs } from "./grants.ts";
import { handsMs, paceMs, startsOf } from "./pace.ts";
import type { Place } from "./place.ts";
import type { LimiterStatus } from "./status.ts";
import { type Turns, turnsOf } from "./turns.ts";

/** How long each thing that holds a job will hold it, in ms; what does not hold it is 0. */
export interface Waits {
  readonly delayMs: number;
  readonly gateMs: number;
  /** Jobs that get their permits before this one, over all queues of the limiter. */
  readonly turnsBefore: number;
  /** What those cost, in the limiter's order. */
  readonly costBefore: readonly number[];
  /** One a limit, in the limiter's order: until its whole cost, behind everybody before it, fits. */
  readonly limitsMs: readonly number[];
  /** The same for all limits and the learned rate together: one may hold the first half of the line, and another the second. */
  readonly permitsMs: number;
  /** Until the learned rate has let everybody before it pass. */
  readonly rateMs: number;
  /** Until one of the limiter's slots is free for it: its `concurrency`, or as many as the API seems to stand. */
  readonly concurrencyMs: number;
  /** How many slots that are; null where calls in flight are not bounded. */
  readonly slots: number | null;
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
const RAMP_TAU_S = 0.3;
/** Below this share of the permitted rate the queue is not held by permits. */
const UNUSED_SHARE = 0.9;
/** Three queues that hand turns to each other start up to a quarter less than a limit with a burst of 20 ms allows. */
const UNUSED_SHARED = 0.6;
const LEAST_STARTS = 8;
const TURNS_COST = 1.15;

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

/** Pure: everything that a job in line has to wait for. A queue that shares its limiter takes turns with the others. */
export function waitsOf(place: Place, limiter: LimiterStatus): Waits {
  const { limits, gate } = limiter;
  const gateMs = gate.remainingMs;
  const runMs = place.runs.length > 0 ? mean(place.runs.map(([start, end]) => Math.max(0, end - start))) : null;
  const turns = turnsOf(place, limits);
  const before = turns.total - 1;
  const scale = turns.costs.length > 1 ? before / (turns.costs.length - 1) : 0;
  const granted = (chosen: readonly (LimiterStatus["limits"][number] | null)[], paced: boolean): number =>
    grantedInMs(turns, place, chosen, gateMs, paced ? paceOf(place, limiter) : null);
  const permitsMs = granted(limits, true);
  const slots = slotsOf(limiter);
  return {
    delayMs: place.state === "delayed" ? place.dueInMs : 0,
    gateMs,
    turnsBefore: before,
    costBefore: limits.map((_, index) =>
      turns.costs.slice(0, -1).reduce((sum, cost) => sum + scale * (cost[index] ?? 0), 0),
    ),
    limitsMs: limits.map((_, index) =>
      (place.cost[index] ?? 0) === 0
        ? 0
        : granted(
            limits.map((limit, other) => (other === index ? limit : null)),
            false,
          ),
    ),
    permitsMs,
    rateMs: (gateMs > 0 ? 0 : place.paceInMs) + rateMs(before, limiter),
    concurrencyMs: gateMs > 0 ? 0 : handsMs(place, before + 1, slots, limiter.inFlight, runMs),
    slots,
    workersMs: workersMs(place, limiter, turns, permitsMs, runMs),
    paceMs: gateMs > 0 || place.state === "delayed" ? 0 : boundedPaceMs(place, paceMs(place, turns, limits), permitsMs),
    runMs,
  };
}

function slotsOf({ concurrency, learned }: LimiterStatus): number | null {
  const bounds = [concurrency, learned?.concurrency ?? null].filter((bound) => bound !== null);
  return bounds.length > 0 ? Math.min(...bounds) : null;
}

/**
 * A queue that got fewer turns than its share is given them later, which the turns know already: of what its pace says only what
 * handing turns on costs is believed, 15 % of what the limits allow.
 */
const boundedPaceMs = ({ others }: Place, pace: number, permitsMs: number): number =>
  others.length > 0 && permitsMs > 0 ? Math.min(pace, permitsMs * TURNS_COST) : pace;

/** A ramp has no pace yet: rateMs follows it. */
const paceOf = ({ paceInMs }: Place, { rate, phase, gate }: LimiterStatus) =>
  rate === null || phase === "ramp" ? null : { nextInMs: gate.closed ? 0 : paceInMs, perSecond: rate };

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

/**
 * Jobs wait although permits are free: all hands of the workers are full. How many there are is what runs now. That
 * permits are free at one moment proves little (a bucket is full whenever a timekeeper is late), so the rate of the
 * last starts has to be below what the limits allow as well.
 */
function workersMs(
  place: Place,
  limiter: LimiterStatus,
  { own, total }: Turns,
  permitsMs: number,
  runMs: number | null,
): number {
  const hands = place.running.length;
  const slots = slotsOf(limiter);
  if (runMs === null || hands === 0 || place.permitInMs !== 0 || place.state === "delayed") return 0;
  if (slots !== null && limiter.inFlight >= slots * UNUSED_SHARE) return 0;
  const starts = startsOf(place);
  const tookMs = (starts.at(-1)?.at ?? 0) - (starts[0]?.at ?? 0);
  if (starts.length < LEAST_STARTS || tookMs <= 0) return 0;
  // Of what the limits allow, other queues that wait take their turns, and leave some of it unused.
  const next = own.slice(0, starts.length);
  const allowedPerMs =
    permitsMs > 0 ? (next.length * total) / ((next.at(-1) ?? 0) + 1) / permitsMs : Number.POSITIVE_INFINITY;
  const share = place.others.length > 0 ? UNUSED_SHARED : UNUSED_SHARE;
  if ((starts.length - 1) / tookMs > allowedPerMs * share) return 0;
  return handsMs(place, place.ahead + 1, hands, hands, runMs);
}

/**
 * When it should start. What holds the queue works off what is ahead while the job itself is not due yet; a shut gate
 * holds everybody, and its end is followed by a probe, which takes one run.
 */
export function startsInMs(waits: Waits): number {
  const { delayMs, gateMs, limitsMs, permitsMs, rateMs, concurrencyMs, workersMs, paceMs: pace, runMs } = waits;
  const queueMs = Math.max(rateMs, permitsMs, concurrencyMs, workersMs, pace, ...limitsMs);
  const probeMs = gateMs > 0 ? (runMs ?? 0) : 0;
  return Math.max(delayMs, gateMs + probeMs + queueMs);
}
