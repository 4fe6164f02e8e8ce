import type { Job } from "bullmq";
import type { DeferralReason, FailureReason, RunSeen } from "../observe/channels.ts";

/** Pure but for the clock. BullMQ's times are hosts' clocks, which may be apart: nothing is shown as negative. */
export function seenRun(
  queue: string,
  job: Job,
  outcome: RunSeen["outcome"],
  reason: DeferralReason | FailureReason | null = null,
  delayMs = 0,
): RunSeen {
  const now = job.finishedOn ?? Date.now();
  const startedAt = job.processedOn ?? now;
  return {
    queue,
    outcome,
    reason,
    waitMs: Math.max(0, startedAt - job.timestamp - (job.opts.delay ?? 0)),
    runMs: Math.max(0, now - startedAt),
    endToEndMs: Math.max(0, now - job.timestamp),
    delayMs,
  };
}

/** Pure: why a job is in the failed set. */
export function failureReason(job: Pick<Job, "attemptsMade" | "opts">, { name, message }: Error): FailureReason {
  if (message.startsWith("HG_DEFERRALS_EXHAUSTED")) return "deferrals";
  if (message.startsWith("HG_JOB_STALLED")) return "stalled";
  if (message.startsWith("HG_PAYLOAD_INVALID")) return "payload";
  return name === "UnrecoverableError" && job.attemptsMade < (job.opts.attempts ?? 1) ? "unrecoverable" : "attempts";
}
