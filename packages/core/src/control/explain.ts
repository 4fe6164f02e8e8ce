import { encodeId } from "../define/id.ts";
import type { Queue } from "../define/queue.ts";
import { headgateError } from "../errors.ts";
import type { Client } from "../redis/connection.ts";
import { queueBase } from "../redis/keys.ts";
import { type LimiterStatus, type QueueStatus, readLimiterStatus, readQueueStatus } from "./status.ts";

export type JobState = "wait" | "prioritized" | "delayed" | "active" | "waiting-children" | "completed" | "failed";
export type WaitCause =
  | "gate"
  | "probe"
  | "pause"
  | "concurrency"
  | "rate"
  | "limit"
  | "delay"
  | "deferral"
  | "children"
  | "jobs-ahead";

export interface Explanation {
  readonly id: string;
  readonly queue: string;
  readonly state: JobState;
  /** What it waits for, the most binding first; empty when it runs or has ended. */
  readonly causes: readonly { readonly cause: WaitCause; readonly detail: string }[];
  /** When it should start (epoch ms); null when nobody can say. */
  readonly until: number | null;
  /** Jobs of the queue that are fetched before it. */
  readonly ahead: number;
}

/** What a job waits for, in words, from one look at Redis. Pure: the numbers are read by `explain`. */
export function causesOf(
  state: JobState,
  dueInMs: number,
  ahead: number,
  queue: QueueStatus,
  limiter: LimiterStatus,
): Explanation["causes"] {
  if (state === "active" || state === "completed" || state === "failed") return [];
  const causes: { cause: WaitCause; detail: string }[] = [];
  if (state === "waiting-children") causes.push({ cause: "children", detail: "its children have not all ended" });
  if (state === "delayed") causes.push({ cause: "delay", detail: `due in ${Math.ceil(dueInMs)} ms` });
  if (queue.paused) causes.push({ cause: "pause", detail: queue.pauseReason ?? "the queue is paused" });
  if (limiter.gate.closed) {
    causes.push({
      cause: "gate",
      detail: `shut for ${limiter.gate.remainingMs} ms: ${limiter.gate.reason ?? "throttled"}`,
    });
  } else if (limiter.gate.halfOpen) {
    causes.push({ cause: "probe", detail: "one probe decides whether the gate opens" });
  }
  if (limiter.concurrency !== null && limiter.inFlight >= limiter.concurrency) {
    causes.push({ cause: "concurrency", detail: `${limiter.inFlight} of ${limiter.concurrency} in flight` });
  }
  for (const { unit, remaining, amount, perMs } of limiter.limits) {
    if (remaining < 1)
      causes.push({
        cause: "limit",
        detail: `${unit}: ${amount} per ${perMs} ms, ${(1 - remaining).toFixed(1)} missing`,
      });
  }
  if (limiter.rate !== null) causes.push({ cause: "rate", detail: `${limiter.rate.toFixed(1)} permits per second` });
  if (ahead > 0) causes.push({ cause: "jobs-ahead", detail: `${ahead} jobs` });
  return causes;
}

export async function explain(client: Client, queue: Queue, id: string): Promise<Explanation> {
  const base = queueBase(queue.limiter.prefix, queue.name);
  const job = encodeId(id);
  const [exists, inWait, waiting, priority, delayed, children, completed, failed] = await Promise.all([
    client.exists(base + job),
    client.lpos(`${base}wait`, job),
    client.llen(`${base}wait`),
    client.zrank(`${base}prioritized`, job),
    client.zscore(`${base}delayed`, job),
    client.zscore(`${base}waiting-children`, job),
    client.zscore(`${base}completed`, job),
    client.zscore(`${base}failed`, job),
  ]);
  if (exists === 0) throw headgateError("HG_JOB_NOT_FOUND", { got: id });
  const state = stateOf({ inWait, priority, delayed, children, completed, failed });
  const [status, limiter, time] = await Promise.all([
    readQueueStatus(client, queue),
    readLimiterStatus(client, queue.limiter),
    client.time(),
  ]);
  const now = Number(time[0]) * 1_000 + Number(time[1]) / 1_000;
  // BullMQ keeps due times as ms × 4096 + a counter.
  const dueInMs = delayed === null ? 0 : Math.max(0, Number(delayed) / 4_096 - now);
  const ahead =
    state === "wait"
      ? waiting - 1 - (inWait ?? 0)
      : state === "prioritized"
        ? waiting + (priority ?? 0)
        : state === "delayed"
          ? status.counts.wait
          : 0;
  const rate = limiter.rate ?? status.drainPerSecond;
  const waits = state === "wait" || state === "prioritized" || state === "delayed";
  const untilMs =
    waits && rate > 0 && !status.paused ? Math.max(dueInMs, limiter.gate.remainingMs, (ahead / rate) * 1_000) : null;
  return {
    id,
    queue: queue.name,
    state,
    causes: causesOf(state, dueInMs, ahead, status, limiter),
    until: untilMs === null ? null : Math.round(now + untilMs),
    ahead,
  };
}

function stateOf(found: {
  inWait: number | null;
  priority: number | null;
  delayed: string | null;
  children: string | null;
  completed: string | null;
  failed: string | null;
}): JobState {
  if (found.inWait !== null) return "wait";
  if (found.priority !== null) return "prioritized";
  if (found.delayed !== null) return "delayed";
  if (found.children !== null) return "waiting-children";
  if (found.completed !== null) return "completed";
  if (found.failed !== null) return "failed";
  return "active";
}
