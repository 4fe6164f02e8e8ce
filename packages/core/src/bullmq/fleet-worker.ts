import { Job, type Processor, Worker, type WorkerOptions } from "bullmq";
import type { Client } from "../redis/connection.ts";
import { type WorkerBackend, workerBackend } from "./worker-backend.ts";

/** deferred: with a delay. parked: to the head, behind a gate that a spent quota shut. drained: to the head, by a worker that closes. */
type GoesBack = "deferred" | "parked" | "drained";

/** Thrown by a run whose job goes back instead of failing. */
export class Deferral extends Error {
  override readonly name = "Deferral";
  readonly how: GoesBack;
  readonly putBack: (token: string, fetchNext: boolean) => Promise<unknown>;

  constructor(how: GoesBack, message: string, putBack: (token: string, fetchNext: boolean) => Promise<unknown>) {
    super(message);
    this.how = how;
    this.putBack = putBack;
  }
}

/**
 * BullMQ decides in `moveToFailed` what becomes of a run that threw, and takes the next job from its answer: the one place
 * where a deferral can settle, delay and fetch in a single script.
 */
class DeferrableJob extends Job {
  override async moveToFailed(error: Error, token: string, fetchNext?: boolean): ReturnType<Job["moveToFailed"]> {
    if (error instanceof Deferral) return (await error.putBack(token, fetchNext ?? false)) as never;
    return super.moveToFailed(error as never, token, fetchNext);
  }
}

/** BullMQ's worker over Headgate's backend. */
export class FleetWorker extends Worker<unknown, unknown, string, WorkerBackend> {
  constructor(
    name: string,
    processor: Processor<unknown, unknown, string>,
    opts: Omit<WorkerOptions, "connection"> & { concurrency: number },
    client: Client,
  ) {
    super(
      name,
      processor,
      { ...opts, connection: client as never },
      workerBackend(client, () => this.concurrency),
    );
  }

  protected override get Job(): typeof Job {
    return DeferrableJob as unknown as typeof Job;
  }
}
