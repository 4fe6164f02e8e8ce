import { EventEmitter } from "node:events";
import type { Job } from "bullmq";
import { Deferral, FleetWorker } from "../bullmq/fleet-worker.ts";
import type { Duration } from "../define/duration.ts";
import { decodeId } from "../define/id.ts";
import type { Queue } from "../define/queue.ts";
import { headgateError } from "../errors.ts";
import type { Connection } from "../redis/connection.ts";
import { closedError, Link } from "../redis/link.ts";
import { type ResolvedWorkerOptions, resolveWorkerOptions } from "./options.ts";
import { Drained, type Processor, Run, runJob } from "./run-job.ts";

export interface WorkerOptions {
  readonly connection: Connection;
  /** Jobs at once in this worker; default 10. The limiter's own concurrency counts over the whole fleet. */
  readonly concurrency?: number;
  /** How long `close()` waits for running jobs before it aborts and puts them back; default 25 s. */
  readonly drainTimeout?: Duration;
  /** How long a crashed worker holds its jobs; default 15 s. */
  readonly lockDuration?: Duration;
  /** How often stalled jobs are looked for; default 5 s. With `lockDuration`, a crash frees its slots within 20 s. */
  readonly stalledInterval?: Duration;
  /** How often a job may stall before it fails; default 1. */
  readonly maxStalledCount?: number;
  /** Start at once (default), or with `run()`. */
  readonly autorun?: boolean;
  /** Shown by BullMQ as who processed a job. */
  readonly name?: string;
}

export interface WorkerEvents {
  completed: [{ id: string; queue: string; attempt: number; result: unknown }];
  failed: [{ id: string; queue: string; attempt: number; error: Error; final: boolean }];
  deferred: [{ id: string; queue: string; deferrals: number; delayMs: number; reason: string }];
  /** A quota is spent: the job waits at the head of its queue until the gate opens. No attempt and no deferral is spent. */
  parked: [{ id: string; queue: string; reason: string }];
  error: [Error];
}

/** How long an aborted run has to come to its end before its job is put back from under it (ms). */
const ABORT_GRACE_MS = 1_000;

/** Runs a queue's jobs, each with a permit of the queue's limiter. */
export class HeadgateWorker<Payload = unknown, Result = unknown> extends EventEmitter<WorkerEvents> {
  readonly queue: Queue<unknown, Payload>;
  readonly #process: Processor<Payload, Result>;
  readonly #options: ResolvedWorkerOptions;
  readonly #link: Link;
  readonly #runs = new Set<Run>();
  readonly #ended = (run: Run): void => {
    this.#runs.delete(run);
  };
  #worker: FleetWorker | undefined;
  #starting: Promise<void> | undefined;
  #closing: Promise<void> | undefined;

  constructor(queue: Queue<unknown, Payload>, process: Processor<Payload, Result>, options: WorkerOptions) {
    super();
    this.queue = queue;
    this.#process = process;
    this.#options = resolveWorkerOptions(options);
    this.#link = new Link(options.connection, (error) => this.#report(error));
    if (this.#options.autorun) this.run().catch((error: Error) => this.#report(error));
  }

  /** Starts fetching. Resolves when connected, checked and registered; throws the coded error of what is wrong. */
  run(): Promise<void> {
    if (this.#closing) return Promise.reject(closedError("worker"));
    this.#starting ??= this.#start().catch((error: unknown) => {
      this.#starting = undefined;
      throw error;
    });
    return this.#starting;
  }

  /** Alias of `run()` for a worker that started by itself. */
  ready(): Promise<void> {
    return this.run();
  }

  /** Jobs that run here now. */
  get running(): number {
    return this.#runs.size;
  }

  /** Stops fetching, waits up to `drainTimeout`, aborts what still runs, puts it back, and disconnects. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #start(): Promise<void> {
    await this.#link.queue(this.queue);
    if (this.#closing) return;
    const { concurrency, lockDurationMs, stalledIntervalMs, maxStalledCount, name } = this.#options;
    const { completed, failed } = this.queue.retention;
    const worker = new FleetWorker(
      this.queue.bullmq.name,
      // A named parameter list of two: with a third BullMQ makes an abort controller for every job.
      (job, token) => this.#runJob(job as Job, token ?? ""),
      {
        prefix: this.queue.bullmq.prefix,
        concurrency,
        lockDuration: lockDurationMs,
        stalledInterval: stalledIntervalMs,
        maxStalledCount,
        // BullMQ counts ages in seconds.
        removeOnComplete: { age: Math.ceil(completed.ageMs / 1_000), count: completed.count },
        removeOnFail: { age: Math.ceil(failed.ageMs / 1_000), count: failed.count },
        ...(name === null ? {} : { name }),
      },
      this.#link.client,
    );
    this.#worker = worker;
    this.#forward(worker);
    await worker.waitUntilReady();
  }

  #forward(worker: FleetWorker): void {
    const queue = this.queue.name;
    worker.on("error", (error) => {
      // Somebody emptied Redis: what this worker's code defines is registered again.
      if (error.message.startsWith("HG_NOT_REGISTERED")) {
        this.#link.forget();
        this.#link.queue(this.queue).catch((again: Error) => this.#report(again));
      }
      this.#report(error);
    });
    worker.on("lockRenewalFailed", (ids: string[]) => {
      for (const run of this.#runs) {
        if (ids.includes(run.jobId)) run.abort(headgateError("HG_LOCK_LOST", { got: decodeId(run.jobId) }));
      }
    });
    worker.on("completed", (job, result) => {
      if (this.listenerCount("completed") === 0) return;
      this.emit("completed", { id: decodeId(job.id ?? ""), queue, attempt: job.attemptsMade, result });
    });
    worker.on("failed", (job, error) => {
      if (!job) return;
      const id = decodeId(job.id ?? "");
      if (error instanceof Deferral) {
        if (error.how === "drained") return;
        if (error.how === "parked") {
          this.emit("parked", { id, queue, reason: error.message });
          return;
        }
        const { deferrals, delayMs } = worker.getBackend().takeDeferral(job.id ?? "");
        this.emit("deferred", { id, queue, deferrals, delayMs, reason: error.message });
        return;
      }
      const final = job.finishedOn !== undefined;
      this.emit("failed", { id, queue, attempt: job.attemptsMade, error, final });
    });
  }

  #runJob(job: Job, token: string): Promise<Result> {
    const run = new Run(job.id ?? "", token);
    this.#runs.add(run);
    return runJob(this.queue, this.#process, (this.#worker as FleetWorker).getBackend(), job, run, this.#ended);
  }

  async #close(): Promise<void> {
    await this.#starting?.catch(() => undefined);
    const worker = this.#worker;
    if (worker) {
      const drained = worker.close();
      if (!(await within(drained, this.#options.drainTimeoutMs))) {
        for (const run of this.#runs) run.abort(new Drained("the worker is closing"));
        await within(drained, ABORT_GRACE_MS);
        await this.#putBackWhatIsLeft(worker);
      }
    }
    await this.#link.close();
  }

  /** A run that ignores its signal loses its job: back to the head of the queue, its attempt unspent. */
  async #putBackWhatIsLeft(worker: FleetWorker): Promise<void> {
    const backend = worker.getBackend();
    await Promise.all(
      Array.from(this.#runs, ({ jobId, token }) =>
        backend.moveJobFromActiveToWait(jobId, token).catch((error: Error) => this.#report(error)),
      ),
    );
  }

  #report(error: Error): void {
    if (this.listenerCount("error") > 0) this.emit("error", error);
  }
}

/** True when `promise` settled in time. */
async function within(promise: Promise<unknown>, ms: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), ms);
  });
  try {
    return await Promise.race([promise.then(() => true as const), timeout]);
  } finally {
    clearTimeout(timer);
  }
}

export function createWorker<Payload, Result>(
  queue: Queue<unknown, Payload>,
  process: Processor<Payload, Result>,
  options: WorkerOptions,
): HeadgateWorker<Payload, Result> {
  return new HeadgateWorker(queue, process, options);
}
