import type { LimiterStatus, QueueStatus } from "headgate/control";
import type { Level } from "headgate/producer";
import type { ApiReport, ProducerState } from "./messages.ts";

export type Stage = "running" | "draining";

/** One second of the run, for the timeline. */
export interface Second {
  readonly limit: number;
  readonly accepted: number;
  readonly throttled: number;
  readonly depth: number;
  readonly enqueued: number;
}

/** Everything that a person is shown at one moment: plain data. */
export interface View {
  readonly processes: string;
  readonly stage: Stage;
  readonly elapsedMs: number;
  readonly totalMs: number;
  readonly depth: number;
  readonly maxDepth: number;
  readonly capacity: number;
  readonly level: Level;
  readonly reason: string | null;
  /** What the fleet believes the API allows (calls per second), and what it does. */
  readonly learned: number | null;
  readonly phase: string;
  /** How long the whole fleet still stands still, because the API said so. */
  readonly gateMs: number;
  readonly limit: number;
  readonly accepted: number;
  readonly throttled: number;
  readonly acceptedInAll: number;
  readonly throttledInAll: number;
  readonly enqueued: number;
  /** How long the producer has stood still now, and in all. */
  readonly standingMs: number;
  readonly waitedMs: number;
  readonly seconds: readonly Second[];
}

export interface Sources {
  readonly processes: string;
  readonly stage: Stage;
  readonly now: number;
  readonly firstCallAt: number;
  readonly totalMs: number;
  readonly depth: number;
  readonly maxDepth: number;
  readonly capacity: number;
  readonly queue: QueueStatus;
  readonly limiter: LimiterStatus;
  readonly api: ApiReport;
  readonly producer: ProducerState;
  readonly seconds: readonly Second[];
}

export function viewOf(sources: Sources): View {
  const { now, queue, limiter, api, producer } = sources;
  const standingMs = producer.waitingSince === null ? 0 : Math.max(0, now - producer.waitingSince);
  return {
    processes: sources.processes,
    stage: sources.stage,
    elapsedMs: now - sources.firstCallAt,
    totalMs: sources.totalMs,
    depth: sources.depth,
    maxDepth: sources.maxDepth,
    capacity: sources.capacity,
    level: queue.level,
    reason: queue.reason,
    learned: limiter.rate,
    phase: limiter.phase,
    gateMs: limiter.gate.remainingMs,
    limit: api.perSecond,
    accepted: api.lastSecond.accepted,
    throttled: api.lastSecond.throttled,
    acceptedInAll: api.account.accepted,
    throttledInAll: api.account.throttled,
    enqueued: producer.enqueued,
    standingMs,
    waitedMs: producer.waitedMs + standingMs,
    seconds: sources.seconds,
  };
}
