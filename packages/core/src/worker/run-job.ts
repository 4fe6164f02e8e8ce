import { type Job, UnrecoverableError } from "bullmq";
import { type Permit, silentEnding } from "../bullmq/ending.ts";
import { Deferral } from "../bullmq/fleet-worker.ts";
import type { WorkerBackend } from "../bullmq/worker-backend.ts";
import { parsePayload } from "../define/payload.ts";
import type { Queue } from "../define/queue.ts";
import { headgateError } from "../errors.ts";
import { classifyError } from "./classify.ts";
import { createContext, Heard, type JobContext } from "./context.ts";
import { runOn } from "./running.ts";

export type Processor<Payload = unknown, Result = unknown> = (
  payload: Payload,
  ctx: JobContext,
) => Promise<Result> | Result;

/** One run of one job here. Its abort controller is made when somebody asks for the signal: most runs never do. */
export class Run {
  readonly jobId: string;
  readonly token: string;
  #controller: AbortController | undefined;
  #reason: unknown;

  constructor(jobId: string, token: string) {
    this.jobId = jobId;
    this.token = token;
  }

  get signal(): AbortSignal {
    if (!this.#controller) {
      this.#controller = new AbortController();
      if (this.#reason !== undefined) this.#controller.abort(this.#reason);
    }
    return this.#controller.signal;
  }

  /** Why it was aborted; undefined while it was not. */
  get reason(): unknown {
    return this.#reason;
  }

  abort(reason: unknown): void {
    if (this.#reason !== undefined) return;
    this.#reason = reason;
    this.#controller?.abort(reason);
  }
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
  ended: (run: Run) => void,
): Promise<Result> {
  const { jobId, token } = run;
  const permit = backend.permitOf(token);
  const { provider } = queue.limiter;
  const heard = new Heard();

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
    const { timeoutMs } = queue;
    const start = () => process(payload, ctx);
    const result = await runOn(queue.limiter.prefix, () =>
      timeoutMs === null ? start() : withTimeout(timeoutMs, run, start),
    );
    backend.conclude(token, heard.ending("ok"));
    return result;
  } catch (error) {
    const verdict = classifyError(error, provider);
    heard.hear(verdict);
    backend.conclude(token, heard.ending("failed"));
    if (run.reason instanceof Drained) {
      throw new Deferral("drained", "drained", (lock) => backend.moveJobFromActiveToWait(jobId, lock));
    }
    if (!verdict.throttled || permit === undefined) throw error;
    if (verdict.terminal) {
      throw new Deferral("parked", messageOf(error), (lock) => backend.moveJobFromActiveToWait(jobId, lock));
    }
    if (isSpent(queue, permit, Date.now())) {
      throw unrecoverable(
        headgateError("HG_DEFERRALS_EXHAUSTED", { got: `${permit.deferrals} deferrals`, cause: error }),
      );
    }
    throw new Deferral("deferred", messageOf(error), (lock, fetchNext) => backend.defer(jobId, lock, fetchNext));
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
