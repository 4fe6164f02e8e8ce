import { Job, type Processor, type Span, type SpanKind, Worker, type WorkerOptions } from "bullmq";
import { headgateError } from "../errors.ts";
import type { DeferralReason } from "../observe/channels.ts";
import type { Client } from "../redis/connection.ts";
import { type WorkerBackend, workerBackend } from "./worker-backend.ts";

/** Thrown by a run whose job goes back instead of failing. */
export class Deferral extends Error {
  override readonly name = "Deferral";
  /** A quota: to the head, behind the gate that it shut. Drained: to the head, by a worker that closes. All else: with a delay. */
  readonly kind: DeferralReason | "drained";
  readonly putBack: (token: string, fetchNext: boolean) => Promise<unknown>;
  /** Nobody said for how long. */
  readonly guessed: boolean;

  constructor(
    kind: DeferralReason | "drained",
    message: string,
    putBack: (token: string, fetchNext: boolean) => Promise<unknown>,
    guessed = false,
  ) {
    super(message);
    this.kind = kind;
    this.putBack = putBack;
    this.guessed = guessed;
  }
}

/**
 * BullMQ decides in `moveToFailed` what becomes of a run that threw, and takes the next job from its answer: the one place
 * where a deferral can settle, delay and fetch in a single script.
 */
class DeferrableJob extends Job {
  override async moveToFailed(error: Error, token: string, fetchNext?: boolean): ReturnType<Job["moveToFailed"]> {
    if (error instanceof Deferral) return (await error.putBack(token, fetchNext ?? false)) as never;
    if (this.deferredFailure && error.message === this.deferredFailure) this.#stalled(error, token);
    return super.moveToFailed(error as never, token, fetchNext);
  }

  /** BullMQ starts a job that stalled too often once more, only to fail it: it has not reached the API. */
  #stalled(error: Error, token: string): void {
    error.message = headgateError("HG_JOB_STALLED", { got: `${this.stalledCounter} times` }).message;
    const worker = this.queue as unknown as FleetWorker;
    worker.getBackend().conclude(token, { outcome: "released", retryAfterMs: 0, spent: null });
  }
}

/** BullMQ's worker over Headgate's backend. */
export class FleetWorker extends Worker<unknown, unknown, string, WorkerBackend> {
  #span: Span | undefined;

  constructor(
    name: string,
    processor: Processor<unknown, unknown, string>,
    opts: Omit<WorkerOptions, "connection"> & { concurrency: number },
    client: Client,
    limiter: string,
  ) {
    super(
      name,
      processor,
      { ...opts, connection: client as never },
      workerBackend(
        client,
        () => this.concurrency,
        limiter,
        (error) => this.emit("error", error),
      ),
    );
  }

  protected override get Job(): typeof Job {
    return DeferrableJob as unknown as typeof Job;
  }

  /** The span of a run is only handed to BullMQ's own callback, which calls the processor before it first awaits. */
  override trace<T>(
    kind: SpanKind,
    operation: string,
    destination: string,
    callback: (span?: Span, metadata?: string) => Promise<T> | T,
    metadata?: string,
  ): Promise<T | Promise<T>> {
    if (operation !== "process" || !this.opts.telemetry) {
      return super.trace(kind, operation, destination, callback, metadata);
    }
    const noted = (span?: Span): Promise<T> | T => {
      this.#span = span;
      return callback(span);
    };
    return super.trace(kind, operation, destination, noted, metadata);
  }

  protected override callProcessJob(job: Job, token: string, signal?: AbortSignal): Promise<unknown> {
    const running = super.callProcessJob(job, token, signal);
    const span = this.#span;
    this.#span = undefined;
    return span === undefined ? running : this.#described(span, running, token);
  }

  async #described(span: Span, running: Promise<unknown>, token: string): Promise<unknown> {
    const backend = this.getBackend();
    span.setAttributes({ "headgate.job.deferrals": backend.permitOf(token)?.deferrals ?? 0 });
    try {
      return await running;
    } catch (error) {
      if (error instanceof Deferral) span.setAttributes({ "headgate.deferral.reason": error.kind });
      throw error;
    } finally {
      const { outcome, retryAfterMs, spent } = backend.endingOf(token);
      span.setAttributes({
        "headgate.permit.outcome": outcome,
        ...(retryAfterMs > 0 ? { "headgate.retry_after_ms": retryAfterMs } : {}),
        ...Object.fromEntries(Object.entries(spent ?? {}).map(([unit, cost]) => [`headgate.cost.${unit}`, cost])),
      });
    }
  }
}
