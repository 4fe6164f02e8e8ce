import { setTimeout } from "node:timers/promises";
import { type JobContext, throttled } from "headgate/worker";

/** A payload that says what its runs do, so that the same processor serves every test and every process. */
export interface Task {
  /** Say "throttled" until the job has been put back this often. */
  readonly deferrals?: number;
  readonly retryAfterMs?: number;
  /** Fail this many attempts. */
  readonly failures?: number;
  /** How long a run takes. */
  readonly workMs?: number;
  /** An API to call. */
  readonly url?: string;
}

export async function runTask(task: Task, ctx: JobContext): Promise<number> {
  if (task.workMs) await setTimeout(task.workMs, undefined, { signal: ctx.signal });
  if (ctx.job.deferrals < (task.deferrals ?? 0)) throw throttled({ retryAfterMs: task.retryAfterMs ?? 0 });
  if (ctx.job.attempt <= (task.failures ?? 0)) throw new Error(`attempt ${ctx.job.attempt} fails as planned`);
  if (task.url) await ctx.fetch(task.url, { method: "POST", body: ctx.job.id });
  return ctx.job.attempt;
}
