import type { Place } from "./place.ts";
import { startsInMs, type Waits } from "./predict.ts";
import type { LimiterStatus, QueueStatus } from "./status.ts";

export type WaitCause =
  | "gate"
  | "probe"
  | "pause"
  | "concurrency"
  | "rate"
  | "limit"
  | "delay"
  | "retry"
  | "deferral"
  | "children"
  | "workers"
  | "jobs-ahead";

export interface Cause {
  readonly cause: WaitCause;
  /** In words, with the numbers. */
  readonly detail: string;
  /** How long it alone holds the job (ms); null when nobody can say. */
  readonly forMs: number | null;
  /** Of a limit: which one, and how much of it is missing for this job and those ahead of it. */
  readonly unit?: string;
  readonly missing?: number;
}

const seconds = (ms: number): string => (ms < 1_000 ? `${Math.ceil(ms)} ms` : `${number(ms / 1_000)} s`);
const jobs = (many: number): string => `${many} ${many === 1 ? "job" : "jobs"}`;
const number = (value: number): string => String(Math.round(value * 10) / 10);
/** Slots that are never all taken would hold a job for a moment, if everybody before it came at once. */
const WORTH_SAYING = 0.1;
/** An operator's pause without an end is one of 365 days (lua/commands/control.lua). */
const FOR_EVER_MS = 300 * 86_400_000;

/** Pure: what a job waits for, what holds it longest first. Empty when it runs or has ended. */
export function causesOf(
  place: Place,
  waits: Waits,
  queue: QueueStatus,
  limiter: LimiterStatus,
  workers: number | null,
): readonly Cause[] {
  if (place.state === "waiting-children") {
    return [{ cause: "children", detail: `${place.children} of its children have not ended`, forMs: null }];
  }
  if (place.state !== "wait" && place.state !== "prioritized" && place.state !== "delayed") return [];
  const causes: Cause[] = [];
  if (queue.paused) {
    const why = queue.pauseReason === null ? "" : `: ${queue.pauseReason}`;
    causes.push({ cause: "pause", detail: `the queue is paused${why}`, forMs: null });
  }
  if (workers === 0) causes.push({ cause: "workers", detail: "no worker of the queue is connected", forMs: null });
  if (place.state === "delayed") causes.push(delayCause(place, waits));
  causes.push(...gateCauses(waits, limiter), ...limitCauses(place, waits, limiter));
  causes.push(...supplyCauses(place, waits, limiter));
  causes.sort((a, b) => (b.forMs ?? Number.POSITIVE_INFINITY) - (a.forMs ?? Number.POSITIVE_INFINITY));
  if (waits.turnsBefore > 0) {
    causes.push({
      cause: "jobs-ahead",
      detail: aheadText(place, waits),
      forMs: waits.paceMs > 0 ? waits.paceMs : null,
    });
  }
  return causes.map((cause) => (cause.forMs === null ? cause : { ...cause, forMs: Math.ceil(cause.forMs) }));
}

/** What is handed out one by one: slots, permits of the learned rate, workers' hands. */
function supplyCauses(place: Place, waits: Waits, limiter: LimiterStatus): readonly Cause[] {
  const causes: Cause[] = [];
  if (
    waits.concurrencyMs > startsInMs(waits) * WORTH_SAYING ||
    (waits.slots !== null && limiter.inFlight >= waits.slots)
  ) {
    const takes = waits.runMs === null ? "" : `, a run takes ${seconds(waits.runMs)}`;
    const learned = waits.slots === limiter.concurrency ? "" : " that the API seems to stand";
    causes.push({
      cause: "concurrency",
      detail: `${limiter.inFlight} of ${waits.slots}${learned} in flight${takes}`,
      forMs: waits.runMs === null ? null : waits.concurrencyMs,
    });
  }
  if (waits.rateMs > 0) {
    const detail = `${number(limiter.rate ?? 0)} permits per second, ${jobs(waits.turnsBefore)} first`;
    causes.push({ cause: "rate", detail, forMs: waits.rateMs });
  }
  if (waits.workersMs > 0) {
    const detail = `permits are free, but the workers have all hands full (${place.running.length})`;
    causes.push({ cause: "workers", detail, forMs: waits.workersMs });
  }
  return causes;
}

function aheadText({ ahead, others, returningInMs, state }: Place, { paceMs }: Waits): string {
  const rivals = others.reduce((sum, { waiting }) => sum + waiting, 0);
  const back = state === "delayed" ? 0 : returningInMs.length;
  return [
    `${ahead} of its queue`,
    ...(back > 0 ? [`${back} deferred that return to the head`] : []),
    ...(rivals > 0 ? [`in turn with ${rivals} of the limiter's other queues`] : []),
    ...(paceMs > 0 ? [`of late ${number(((ahead + 1) / paceMs) * 1_000)} of its queue started per second`] : []),
  ].join(", ");
}

function delayCause(place: Place, { delayMs }: Waits): Cause {
  const due = `due in ${seconds(delayMs)}`;
  if (place.deferred) {
    const times = place.deferrals === 1 ? "once" : `${place.deferrals} times`;
    return { cause: "deferral", detail: `the API throttled it ${times}, ${due}`, forMs: delayMs };
  }
  if (place.attemptsMade > 0) {
    const failed = `attempt ${place.attemptsMade} of ${place.attempts} failed`;
    return {
      cause: "retry",
      detail: `${failed}${place.failedReason ? `: ${place.failedReason}` : ""}, ${due}`,
      forMs: delayMs,
    };
  }
  return { cause: "delay", detail: due, forMs: delayMs };
}

function gateCauses({ gateMs, runMs }: Waits, { gate }: LimiterStatus): readonly Cause[] {
  if (gate.closed) {
    const why = gate.reason ?? "throttled";
    if (gateMs > FOR_EVER_MS) return [{ cause: "gate", detail: `shut until it is resumed: ${why}`, forMs: null }];
    return [{ cause: "gate", detail: `shut for ${seconds(gateMs)}: ${why}`, forMs: gateMs }];
  }
  if (!gate.halfOpen) return [];
  return [{ cause: "probe", detail: "one probe decides whether the gate opens", forMs: runMs }];
}

function limitCauses(place: Place, { limitsMs, costBefore }: Waits, { limits }: LimiterStatus): readonly Cause[] {
  return limits.flatMap(({ unit, amount, perMs, remaining }, index) => {
    const forMs = limitsMs[index] ?? 0;
    if (forMs <= 0) return [];
    const cost = place.cost[index] ?? 0;
    const ahead = costBefore[index] ?? 0;
    const missing = Math.max(0, cost + ahead - remaining);
    const need =
      ahead > 0 ? `it needs ${number(cost)} after ${number(ahead)} for those ahead` : `it needs ${number(cost)}`;
    const detail = `${amount} ${unit} per ${seconds(perMs)}: ${need}, ${number(remaining)} left, ${number(missing)} missing`;
    return [{ cause: "limit" as const, detail, forMs, unit, missing }];
  });
}
