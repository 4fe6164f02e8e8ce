import { type Job, UnrecoverableError } from "bullmq";
import { type Permit, silentEnding } from "../bullmq/ending.ts";
import { Deferral } from "../bullmq/fleet-worker.ts";
import type { WorkerBackend } from "../bullmq/worker-backend.ts";
import { parsePayload } from "../define/payload.ts";
import type { Queue } from "../define/queue.ts";
import { headgateError } from "../errors.ts";
import { classifyError } from "./classify.ts";
import { createContext, Heard, type JobContext } from "./context.ts";
import { Drained, type Run } from "./run.ts";
import { runOn } from "./running.ts";

export type Processor<Payload = unknown, Result = unknown> = (
  payload: Payload,
  ctx: JobContext,
) => Promise<Result> | Result;

/** Redis' clock is not ours; a deferral budget of hours does not mind. */
const isSpent = (queue: Pick<Queue, "deferrals">, permit: Permit, now: number): boolean =>
  permit.deferrals >= queue.deferrals.max ||
  (permit.deferredAt !== null && now - permit.deferredAt >= queue.deferrals.maxAgeMs);

/**
 * The story of one job: check the payload, run the processor, and say how its permit ends. What this returns or throws
 * decides what BullMQ does with the job: completed, failed or retried, or (a Deferral) put back.
 */
export async function runJob<Payload, Result>(
  queue: Queue<unknown, Payload>,
  process: Processor<Payload, Result>,
  backend: WorkerBackend,
  job: Job,
  run: Run,
  ended: (run: Run) => void,
  timeoutMs: number | null,
): Promise<Result> {
  const { jobId, token } = run;
  const permit = backend.permitOf(token);
  const { provider } = queue.limiter;
  const heard = new Heard(queue.limiter.name);

  if (permit?.late) {
    ended(run);
    backend.conclude(token, { ...silentEnding, outcome: "released" });
    throw unrecoverable(headgateError("HG_DEADLINE_EXCEEDED"));
  }
  let payload: Payload;
  try {
    const parsed = parsePayload(queue, job.data);
    payload = parsed instanceof Promise ? await parsed : parsed;
  } catch (error) {
    ended(run);
    backend.conclude(token, { ...silentEnding, outcome: "released" });
    throw unrecoverable(error);
  }

  const ctx = createContext(job, queue, permit, run, heard);
  try {
    const start = () => process(payload, ctx);
    const result = await runOn(queue.limiter.prefix, () =>
      timeoutMs === null ? start() : withTimeout(timeoutMs, run, start),
    );
    backend.conclude(token, heard.ending("ok"));
    return result;
  } catch (error) {
    const verdict = classifyError(error, provider);
    heard.hearThrown(verdict);
    backend.conclude(token, heard.ending("failed"));
    if (run.reason instanceof Drained) {
      throw new Deferral("drained", "drained", (lock) => backend.moveJobFromActiveToWait(jobId, lock));
    }
    if (!verdict.throttled || permit === undefined) throw error;
    if (verdict.terminal) {
      throw new Deferral("quota", messageOf(error), (lock) => backend.moveJobFromActiveToWait(jobId, lock));
    }
    if (isSpent(queue, permit, Date.now())) {
      throw unrecoverable(
        headgateError("HG_DEFERRALS_EXHAUSTED", { got: `${permit.deferrals} deferrals`, cause: error }),
      );
    }
    const kind = heard.verdict.kind === "overload" ? "overload" : "throttled";
    const defer = (lock: string, fetchNext: boolean) => backend.defer(jobId, lock, fetchNext, kind);
    throw new Deferral(kind, messageOf(error), defer, heard.verdict.retryAfterMs === 0);
  } finally {
    ended(run);
  }
}

/** A failure that no further attempt can mend. BullMQ knows it by its name and stores its message. */
function unrecoverable(error: unknown): Error {
  const failure = new UnrecoverableError(messageOf(error));
  failure.cause = error;
  return failure;
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/**
 * Ends a run that takes too long. Without a timeout a processor is trusted to obey its signal: `close()` takes the job
 * back from one that does not.
 */
async function withTimeout<T>(timeoutMs: number, run: Run, start: () => Promise<T> | T): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      const error = headgateError("HG_JOB_TIMEOUT", { expected: `${timeoutMs} ms` });
      run.abort(error);
      reject(error);
    }, timeoutMs);
  });
  try {
    return await Promise.race([start(), late]);
  } finally {
    clearTimeout(timer);
  }
}
