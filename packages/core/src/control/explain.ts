import { connectedWorkers } from "../bullmq/worker-name.ts";
import type { Queue } from "../define/queue.ts";
import { headgateError } from "../errors.ts";
import type { Client } from "../redis/connection.ts";
import { type Cause, causesOf } from "./causes.ts";
import { type JobState, readPlace } from "./place.ts";
import { startsInMs, waitsOf } from "./predict.ts";
import { readLimiterStatus, readQueueStatus } from "./status.ts";

export interface Explanation {
  readonly id: string;
  readonly queue: string;
  readonly limiter: string;
  readonly state: JobState;
  /** What it waits for, what holds it longest first; empty when it runs or has ended. */
  readonly causes: readonly Cause[];
  /** When it should start (epoch ms on Redis' clock); null when nobody can say, and when it runs or has ended. */
  readonly until: number | null;
  /** The same as a time from now (ms). */
  readonly startsInMs: number | null;
  /** Jobs of the queue that are fetched before it. */
  readonly ahead: number;
  readonly enqueuedAt: number;
  /** Of its last run; null when it never ran. */
  readonly startedAt: number | null;
  readonly finishedAt: number | null;
  /** Real failures so far, of so many attempts. */
  readonly attemptsMade: number;
  readonly attempts: number;
  /** How often the API throttled it. */
  readonly deferrals: number;
  readonly failedReason: string | null;
  /** The parent that waits for it, as BullMQ names it. */
  readonly parent: string | null;
  /** Workers of the queue that are connected; null when Redis does not say. */
  readonly workers: number | null;
}

export async function explain(client: Client, queue: Queue, id: string): Promise<Explanation> {
  const [place, status, limiter, connected] = await Promise.all([
    readPlace(client, queue, id),
    readQueueStatus(client, queue),
    readLimiterStatus(client, queue.limiter),
    connectedWorkers(client, queue.limiter.prefix, queue.name),
  ]);
  if (place === null) throw headgateError("HG_JOB_NOT_FOUND", { got: id });
  const workers = connected === null ? null : connected.headgate + connected.plain;
  const waits = waitsOf(place, limiter);
  const causes = causesOf(place, waits, status, limiter, workers);
  const inLine = place.state === "wait" || place.state === "prioritized" || place.state === "delayed";
  const endless = causes.some(({ cause, forMs }) => forMs === null && ENDLESS.has(cause));
  const inMs = inLine && !endless ? Math.round(startsInMs(waits)) : null;
  return {
    id,
    queue: queue.name,
    limiter: queue.limiter.name,
    state: place.state,
    causes,
    until: inMs === null ? null : Math.round(place.now) + inMs,
    startsInMs: inMs,
    ahead: place.ahead,
    enqueuedAt: place.enqueuedAt,
    startedAt: place.processedOn,
    finishedAt: place.finishedOn,
    attemptsMade: place.attemptsMade,
    attempts: place.attempts,
    deferrals: place.deferrals,
    failedReason: place.failedReason,
    parent: place.parent,
    workers,
  };
}

/** Causes whose end somebody has to bring about. */
const ENDLESS: ReadonlySet<string> = new Set(["pause", "gate", "workers", "children"]);
