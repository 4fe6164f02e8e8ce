import { EventEmitter } from "node:events";
import type { Job, Telemetry } from "bullmq";
import { Deferral, FleetWorker } from "../bullmq/fleet-worker.ts";
import { decodeId } from "../define/id.ts";
import type { Queue } from "../define/queue.ts";
import { headgateError } from "../errors.ts";
import { drains, guesses, locksLost, runs, stalls } from "../observe/channels.ts";
import { Damper } from "../observe/damper.ts";
import { kindOf, withoutData } from "../observe/error-kind.ts";
import { watchEventLoop } from "../observe/event-loop.ts";
import { hasPulse, type Pulse } from "../observe/pulse.ts";
import { tellFault } from "../observe/redis-error-kind.ts";
import { NOT_REGISTERED } from "../redis/fault.ts";
import { limiterKey } from "../redis/keys.ts";
import { closedError, Link } from "../redis/link.ts";
import { runScript } from "../redis/scripts.ts";
import type { WorkerEvents } from "./events.ts";
import { cameDueWhileClosed, dueAtOf, SKIPPED } from "./iteration.ts";
import { type ResolvedWorkerOptions, resolveWorkerOptions, type WorkerOptions } from "./options.ts";
import { Drained, Run } from "./run.ts";
import { type Processor, runJob } from "./run-job.ts";
import { openSandbox, type Sandbox } from "./sandbox/sandbox.ts";
import { failureReason, seenRun } from "./seen-run.ts";

/** How long an aborted run has to come to its end before its job is put back from under it (ms). */
const ABORT_GRACE_MS = 1_000;

/** Runs a queue's jobs, each with a permit of the queue's limiter. */
export class HeadgateWorker<Payload = unknown, Result = unknown> extends EventEmitter<WorkerEvents> {
  readonly queue: Queue<unknown, Payload>;
  readonly #process: Processor<Payload, Result>;
  readonly #telemetry: Telemetry | undefined;
  readonly #sandbox: Sandbox<Payload, Result> | undefined;
  readonly #options: ResolvedWorkerOptions;
  readonly #link: Link;
  readonly #runs = new Set<Run>();
  readonly #errors: Damper<Error> = new Damper((error, kind, suppressed) => {
    if (this.listenerCount("error") > 0) this.emit("error", error, { kind, suppressed });
  });
  readonly #stops: (() => void)[] = [];
  readonly #ended = (run: Run): void => {
    this.#runs.delete(run);
  };
  #worker: FleetWorker | undefined;
  #starting: Promise<void> | undefined;
  #closing: Promise<void> | undefined;
  #closed = false;

  constructor(
    queue: Queue<unknown, Payload>,
    process: Processor<Payload, Result> | string | URL,
    options: WorkerOptions,
  ) {
    super();
    this.queue = queue;
    if (typeof process === "function") this.#process = process;
    else {
      this.#sandbox = openSandbox(queue, process, options.sandbox ?? {});
      this.#process = this.#sandbox.process;
    }
    this.#telemetry = options.telemetry;
    this.#options = resolveWorkerOptions(options);
    this.#link = new Link(options.connection, (error) => this.#report(error));
    this.#stops.push(hasPulse(() => this.pulse));
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

  /** How it is now: what readiness and the figures of a fleet are made of. */
  get pulse(): Pulse {
    return {
      queue: this.queue.name,
      state: this.#state,
      slots: this.#options.concurrency,
      busy: this.#runs.size,
      lastFetchAt: this.#worker?.getBackend().fetchedAt ?? 0,
    };
  }

  get #state(): Pulse["state"] {
    if (this.#closing) return this.#closed ? "closed" : "draining";
    if (this.#worker === undefined) return "starting";
    return this.#worker.getBackend().paused ? "paused" : "running";
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
        ...(this.#telemetry ? { telemetry: this.#telemetry } : {}),
      },
      this.#link.client,
      this.queue.limiter.name,
    );
    this.#worker = worker;
    this.#forward(worker);
    const queue = this.queue.name;
    this.#stops.push(watchEventLoop((blockedMs) => this.emit("blocked", { blockedMs, lockDurationMs, queue })));
    await worker.waitUntilReady();
  }

  #forward(worker: FleetWorker): void {
    const queue = this.queue.name;
    worker.on("error", (error) => {
      // Somebody emptied Redis: what this worker's code defines is registered again.
      if (error.message.startsWith(NOT_REGISTERED)) {
        this.#link.forget();
        this.#link.queue(this.queue).catch((again: Error) => this.#report(again));
      }
      this.#report(error);
    });
    worker.on("lockRenewalFailed", (ids: string[]) => {
      for (const run of this.#runs) if (ids.includes(run.jobId)) this.#lost(run);
    });
    worker.on("stalled", (id: string) => {
      stalls.tell({ queue });
      this.emit("stalled", { id: decodeId(id), queue });
    });
    worker.on("completed", (job, result) => {
      if (result === SKIPPED) {
        this.emit("skipped", { id: decodeId(job.id ?? ""), queue, dueAt: dueAtOf(job) });
        return;
      }
      if (runs.isWatched) runs.tell(seenRun(queue, job, "completed"));
      if (this.listenerCount("completed") === 0) return;
      this.emit("completed", { id: decodeId(job.id ?? ""), queue, attempt: job.attemptsMade, result });
    });
    worker.on("failed", (job, error) => {
      if (job) this.#failed(worker, job, error);
    });
  }

  #failed(worker: FleetWorker, job: Job, error: Error): void {
    const queue = this.queue.name;
    const id = decodeId(job.id ?? "");
    if (error instanceof Deferral) {
      if (error.kind === "drained") return;
      if (error.kind === "quota") {
        if (runs.isWatched) runs.tell(seenRun(queue, job, "deferred", error.kind));
        this.emit("parked", { id, queue, reason: error.message });
        return;
      }
      const { deferrals, delayMs } = worker.getBackend().takeDeferral(job.id ?? "");
      if (runs.isWatched) runs.tell(seenRun(queue, job, "deferred", error.kind, delayMs));
      if (error.guessed) guesses.tell({ limiter: this.queue.limiter.name, delayMs });
      this.emit("deferred", { id, queue, deferrals, delayMs, reason: error.message, kind: error.kind });
      return;
    }
    const final = job.finishedOn !== undefined;
    if (runs.isWatched) {
      const reason = final ? failureReason(job, error) : null;
      runs.tell(seenRun(queue, job, final ? (reason === "attempts" ? "failed" : "dead") : "retried", reason));
    }
    this.emit("failed", { id, queue, attempt: job.attemptsMade, error, final });
  }

  #lost(run: Run): void {
    const id = decodeId(run.jobId);
    run.abort(headgateError("HG_LOCK_LOST", { got: id }));
    locksLost.tell({ queue: this.queue.name });
    this.emit("lockLost", { id, queue: this.queue.name });
  }

  #runJob(job: Job, token: string): Promise<Result> {
    const run = new Run(job.id ?? "", token);
    this.#runs.add(run);
    return job.repeatJobKey === undefined ? this.#run(job, run) : this.#runIteration(job, run);
  }

  #run(job: Job, run: Run): Promise<Result> {
    const backend = (this.#worker as FleetWorker).getBackend();
    // A sandbox keeps the time itself: what its process needs to start does not count.
    const timeoutMs = this.#sandbox ? null : this.queue.timeoutMs;
    return runJob(this.queue, this.#process, backend, job, run, this.#ended, timeoutMs);
  }

  async #runIteration(job: Job, run: Run): Promise<Result> {
    if (!(await cameDueWhileClosed(this.#link.client, this.queue, job))) return this.#run(job, run);
    this.#ended(run);
    const ending = { outcome: "released", retryAfterMs: 0, spent: null } as const;
    (this.#worker as FleetWorker).getBackend().conclude(run.token, ending);
    return SKIPPED as Result;
  }

  async #close(): Promise<void> {
    const from = performance.now();
    await this.#starting?.catch(() => undefined);
    const worker = this.#worker;
    if (worker) {
      worker.getBackend().stopFetching();
      const drained = worker.close();
      this.#handOver();
      if (!(await within(drained, this.#options.drainTimeoutMs))) {
        worker.getBackend().giveUp();
        for (const run of this.#runs) run.abort(new Drained("the worker is closing"));
        await within(drained, ABORT_GRACE_MS);
        await this.#putBackWhatIsLeft(worker);
      }
    }
    await this.#sandbox?.close();
    await this.#link.close();
    for (const stop of this.#stops) stop();
    this.#errors.close();
    this.#closed = true;
    drains.tell({ queue: this.queue.name, durationMs: performance.now() - from });
  }

  /** Who keeps the limiter's time when this worker leaves? Without a word, nobody for half a second, while the others sleep. */
  #handOver(): void {
    const { prefix } = this.queue.limiter;
    if (this.#link.client.status !== "ready") return;
    const handed = runScript(this.#link.client, "control", [limiterKey(prefix), prefix, "wake", "", "", "", ""]);
    handed.catch((error: Error) => this.#report(error));
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
    const kind = kindOf(error);
    tellFault(error);
    this.#errors.take(kind, withoutData(error));
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

/**
 * Runs a queue's jobs from now on.
 * @param process a function, or a file whose default export is one: then each job runs in a process of its own
 */
export function createWorker<Payload, Result>(
  queue: Queue<unknown, Payload>,
  process: Processor<Payload, Result> | string | URL,
  options: WorkerOptions,
): HeadgateWorker<Payload, Result> {
  return new HeadgateWorker(queue, process, options);
}
