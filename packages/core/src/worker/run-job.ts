import { type Job, UnrecoverableError } from "bullmq";
import type { Permit } from "../bullmq/ending.ts";
import { Deferral } from "../bullmq/fleet-worker.ts";
import type { WorkerBackend } from "../bullmq/worker-backend.ts";
import { parsePayload } from "../define/payload.ts";
import type { Queue } from "../define/queue.ts";
import { headgateError } from "../errors.ts";
import { classifyError } from "./classify.ts";
import { createContext, Heard, type JobContext } from "./context.ts";
import { runOn } from "./running.ts";

export type Processor<Payload, Result> = (payload: Payload, ctx: JobContext) => Promise<Result> | Result;

export interface Run {
  readonly jobId: string;
  readonly token: string;
  readonly abort: AbortController;
}

/** Why a run is aborted when a drain runs out of time: its job goes back to the head, its attempt unspent. */
export class Drained extends Error {
  override readonly name = "Drained";
}

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
): Promise<Result> {
  const { jobId, token } = run;
  const permit = backend.permitOf(jobId, token);
  const heard = new Heard();

  let payload: Payload;
  try {
    payload = await parsePayload(queue, job.data);
  } catch (error) {
    backend.conclude(jobId, token, { outcome: "released", retryAfterMs: 0, spent: null });
    throw unrecoverable(error);
  }

  const ctx = createContext(job, queue.name, permit, run.abort.signal, heard);
  try {
    const result = await runOn(queue.limiter.prefix, () => withTimeout(queue.timeoutMs, run.abort, () => process(payload, ctx)));
    const { throttled, retryAfterMs } = heard.verdict;
    const reached = heard.spent?.["requests"] !== 0;
    backend.conclude(jobId, token, {
      outcome: throttled ? "throttled" : reached ? "ok" : "released",
      retryAfterMs,
      spent: heard.spent,
    });
    return result;
  } catch (error) {
    const verdict = classifyError(error, Date.now());
    heard.hear(verdict);
    const { throttled, retryAfterMs } = heard.verdict;
    const reached = heard.spent?.["requests"] !== 0;
    backend.conclude(jobId, token, {
      outcome: throttled ? "throttled" : reached ? "failed" : "released",
      retryAfterMs,
      spent: heard.spent,
    });
    if (run.abort.signal.reason instanceof Drained) {
      throw new Deferral("drained", (lock) => backend.moveJobFromActiveToWait(jobId, lock));
    }
    if (!verdict.throttled || permit === undefined) throw error;
    if (isSpent(queue, permit, Date.now())) {
      throw unrecoverable(headgateError("HG_DEFERRALS_EXHAUSTED", { got: `${permit.deferrals} deferrals`, cause: error }));
    }
    throw new Deferral(messageOf(error), (lock, fetchNext) => backend.defer(jobId, lock, fetchNext));
  }
}

/** A failure that no further attempt can mend. BullMQ knows it by its name and stores its message. */
function unrecoverable(error: unknown): Error {
  const { code } = error as { code?: string };
  const failure = new UnrecoverableError(`${code ? `${code}: ` : ""}${messageOf(error)}`);
  failure.cause = error;
  return failure;
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

async function withTimeout<T>(timeoutMs: number | null, abort: AbortController, run: () => Promise<T> | T): Promise<T> {
  const { signal } = abort;
  let stop: (() => void) | undefined;
  const aborted = new Promise<never>((_, reject) => {
    const onAbort = () => reject(signal.reason);
    signal.addEventListener("abort", onAbort, { once: true });
    const timer =
      timeoutMs === null
        ? undefined
        : setTimeout(() => abort.abort(headgateError("HG_JOB_TIMEOUT", { expected: `${timeoutMs} ms` })), timeoutMs);
    stop = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", onAbort);
    };
  });
  try {
    return await Promise.race([run(), aborted]);
  } finally {
    stop?.();
  }
}
