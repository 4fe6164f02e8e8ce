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
  /** Name of the worker that runs or ran it; `headgate worker` gives host and process id. */
  readonly worker: string | null;
  /**
   * Of a job that runs: how long its worker's lock still holds (ms). It is renewed at half time: 0 says that the worker has
   * died or stands still, and that the job is put back at the next look for stalled ones.
   */
  readonly lockMs: number | null;
  /** How often a worker died or stood still while it ran the job. */
  readonly stalls: number;
  /** When it has to have started at the latest (epoch ms); later it fails with HG_DEADLINE_EXCEEDED. */
  readonly deadline: number | null;
}

export async function explain(client: Client, queue: Queue, id: string): Promise<Explanation> {
  const [place, status, limiter, connected] = await Promise.all([
    readPlace(client, queue, id),
    readQueueStatus(client, queue),
    readLimiterStatus(client, queue.limiter),
    connectedWorkers(client, queue.limiter.prefix, queue.name),
  ]);
  if (place === null)
    throw headgateError("HG_JOB_NOT_FOUND", { what: `queue "${queue.name}"`, got: id, fix: NOT_FOUND_FIX });
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
    worker: place.worker,
    lockMs: place.lockMs,
    stalls: place.stalls,
    deadline: place.deadline,
  };
}

const NOT_FOUND_FIX =
  "Check the queue and the id. A refused or shed enqueue stores nothing, and finished jobs are forgotten after the queue's retention.";

/** Causes whose end somebody has to bring about. */
const ENDLESS: ReadonlySet<string> = new Set(["pause", "gate", "workers", "children"]);
