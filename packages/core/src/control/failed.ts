import type { Queue as BullQueue } from "bullmq";
import { decodeId, encodeId } from "../define/id.ts";
import type { Queue } from "../define/queue.ts";
import type { Client } from "../redis/connection.ts";
import { queueBase } from "../redis/keys.ts";

export interface FailedOptions {
  /** At most so many; default: all. */
  readonly limit?: number;
  /** Only those whose reason contains this text. */
  readonly reason?: string;
}

export interface FailedJob {
  readonly id: string;
  /** Epoch ms. */
  readonly failedAt: number;
  readonly enqueuedAt: number;
  /** As the processor threw it; Headgate's own reasons begin with their code. */
  readonly reason: string;
  readonly attemptsMade: number;
  readonly deferrals: number;
  readonly priority: number | null;
  readonly payload: unknown;
}

const PAGE = 200;
/** What a job's budget of deferrals is counted in; lua/commands/moveToDelayed.lua. */
const BUDGET = ["hg:deferrals", "hg:deferredAt", "hg:deferred"] as const;

/** Newest first. Jobs that fail meanwhile push the older ones down: nobody is left out, and nobody comes twice. */
export async function* failedJobs(client: Client, queue: Queue, options: FailedOptions): AsyncGenerator<FailedJob> {
  const base = queueBase(queue.limiter.prefix, queue.name);
  const { limit = Number.POSITIVE_INFINITY, reason = "" } = options;
  const ids = await client.zrevrange(`${base}failed`, 0, -1);
  let found = 0;
  for (let at = 0; at < ids.length && found < limit; at += PAGE) {
    const page = await Promise.all(ids.slice(at, at + PAGE).map((id) => readFailed(client, base, id)));
    for (const job of page) {
      if (job === null || !job.reason.includes(reason)) continue;
      yield job;
      found += 1;
      if (found >= limit) return;
    }
  }
}

const FIELDS = ["failedReason", "finishedOn", "timestamp", "atm", "hg:deferrals", "priority", "data"] as const;

/** Null when it was trimmed or retried meanwhile. */
async function readFailed(client: Client, base: string, id: string): Promise<FailedJob | null> {
  const [reason, finishedOn, timestamp, made, deferrals, priority, data] = await client.hmget(base + id, ...FIELDS);
  if (finishedOn === null || finishedOn === undefined) return null;
  return {
    id: decodeId(id),
    failedAt: Number(finishedOn),
    enqueuedAt: Number(timestamp),
    reason: reason ?? "",
    attemptsMade: Number(made ?? 0),
    deferrals: Number(deferrals ?? 0),
    priority: Number(priority ?? 0) || null,
    payload: payloadOf(data ?? ""),
  };
}

/** What cannot be parsed was written by somebody else; it is shown as the text that it is. */
function payloadOf(data: string): unknown {
  try {
    return JSON.parse(data);
  } catch {
    return data;
  }
}

export async function retryFailed(
  client: Client,
  bull: BullQueue,
  queue: Queue,
  ids: Iterable<string>,
): Promise<readonly string[]> {
  const base = queueBase(queue.limiter.prefix, queue.name);
  const retried: string[] = [];
  for (const id of ids) {
    const job = (await bull.getJob(encodeId(id))) ?? (await bull.getJob(id));
    if (!job?.id || !(await job.isFailed())) continue;
    await client.hdel(`${base}${job.id}`, ...BUDGET);
    // attemptsStarted goes on: a permit is named by it.
    await job.retry("failed", { resetAttemptsMade: true });
    retried.push(id);
  }
  return retried;
}
