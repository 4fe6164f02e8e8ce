import { EventEmitter } from "node:events";
import { Queue as BullQueue } from "bullmq";
import { z } from "zod";
import { type Duration, durationSchema } from "../define/duration.ts";
import { type Limiter, type LimitOptions, resolveLimits } from "../define/limiter.ts";
import { parseOptions } from "../define/options.ts";
import type { Queue } from "../define/queue.ts";
import { headgateError } from "../errors.ts";
import { type Connection, openClient } from "../redis/connection.ts";
import { limiterKey } from "../redis/keys.ts";
import { Link } from "../redis/link.ts";
import { runScript } from "../redis/scripts.ts";
import { type Explanation, explain } from "./explain.ts";
import { type FailedJob, type FailedOptions, failedJobs, retryFailed } from "./failed.ts";
import { type Moved, moveQueue } from "./move.ts";
import { type LimiterStatus, type QueueStatus, readLimiterStatus, readQueueStatus } from "./status.ts";

export interface ControlOptions {
  readonly connection: Connection;
}

export interface PauseOptions {
  /** Default: until resumed. */
  readonly for?: Duration;
  /** Shown by `status`. */
  readonly reason?: string;
}

/** What is left out stays as it was overridden before. */
export interface LimitChange {
  /** Replace the limits of the definition; `null`: back to the definition's. */
  readonly limits?: readonly LimitOptions[] | null;
  /** Replace its concurrency; `null`: no bound. */
  readonly concurrency?: number | null;
}

const pauseSchema = z.strictObject({ for: durationSchema.optional(), reason: z.string().max(500).default("") });
const concurrencySchema = z.int().min(1).nullable().optional();

/** The operator's levers; what they change is felt by the whole fleet at once. */
export class Control extends EventEmitter<{ error: [Error] }> {
  readonly #link: Link;
  readonly #connection: Connection;
  #closing: Promise<void> | undefined;

  constructor({ connection }: ControlOptions) {
    super();
    this.#connection = connection;
    this.#link = new Link(connection, (error) => {
      if (this.listenerCount("error") > 0) this.emit("error", error);
    });
  }

  async ready(): Promise<void> {
    await this.#link.ready();
  }

  status(target: Limiter): Promise<LimiterStatus>;
  status(target: Queue): Promise<QueueStatus>;
  async status(target: Limiter | Queue): Promise<LimiterStatus | QueueStatus> {
    await this.#link.ready();
    return target.kind === "limiter"
      ? readLimiterStatus(this.#link.client, target)
      : readQueueStatus(this.#link.client, target);
  }

  /** A limiter: the gate shuts. A queue: workers take nothing from it and producers are refused as `"paused"`. */
  async pause(target: Limiter | Queue, options: PauseOptions = {}): Promise<void> {
    const { for: forMs, reason } = parseOptions("pause", pauseSchema, options);
    if (target.kind === "limiter") return this.#pull(target, "pauseLimiter", "", forMs ?? "", reason);
    // An operator may pause a queue before anybody starts with it.
    await this.#link.queue(target);
    await this.#pull(target.limiter, "pauseQueue", target.name, forMs ?? "", reason);
    await this.#withBullQueue(target, (queue) => queue.pause());
  }

  async resume(target: Limiter | Queue): Promise<void> {
    if (target.kind === "limiter") return this.#pull(target, "resumeLimiter", "", "", "");
    await this.#link.queue(target);
    await this.#withBullQueue(target, (queue) => queue.resume());
    await this.#pull(target.limiter, "resumeQueue", target.name, "", "");
  }

  /** Stands above the definition in code until it is changed back. */
  async setLimits(limiter: Limiter, change: LimitChange): Promise<void> {
    const limits = change.limits ? resolveLimits("setLimits.limits", change.limits) : undefined;
    const concurrency = parseOptions("setLimits.concurrency", concurrencySchema, change.concurrency);
    const override = {
      ...(change.limits === undefined ? {} : { limits: limits ?? false }),
      ...(concurrency === undefined ? {} : { concurrency: concurrency ?? 0 }),
    };
    await this.#pull(limiter, "setLimits", "", JSON.stringify(override), "");
  }

  /** Takes the operator's limits and concurrency back: what the definition in code says holds again. */
  async clearLimits(limiter: Limiter): Promise<void> {
    await this.#pull(limiter, "setLimits", "", JSON.stringify({ limits: false, concurrency: false }), "");
  }

  /** Why a job is not running: what it waits for, until when, and how many are ahead of it. */
  async explain(queue: Queue, id: string): Promise<Explanation> {
    await this.#link.ready();
    return explain(this.#link.client, queue, id);
  }

  /** What ended in the failed set, the newest first. */
  async *failed(queue: Queue, options: FailedOptions = {}): AsyncGenerator<FailedJob> {
    await this.#link.ready();
    yield* failedJobs(this.#link.client, queue, options);
  }

  /**
   * Puts failed jobs back into line, with all their attempts and their budget of deferrals. Answers the ids that were
   * failed and wait now. Revived jobs can take the depth above capacity.
   */
  async retryFailed(queue: Queue, ids: Iterable<string>): Promise<readonly string[]> {
    await this.#link.queue(queue);
    return this.#withBullQueue(queue, (bull) => retryFailed(this.#link.client, bull, queue, ids));
  }

  /**
   * Moves a queue with all its jobs from the limiter that it is registered with to the one that its definition names.
   * Its workers and producers have to be stopped. Safe to be run again after it was cut off.
   * @throws HG_MOVE_BLOCKED, HG_NOT_REGISTERED
   */
  async move(queue: Queue): Promise<Moved> {
    await this.#link.ready();
    const moved = await moveQueue(this.#link.client, queue);
    await this.#link.queue(queue);
    return moved;
  }

  close(): Promise<void> {
    this.#closing ??= this.#link.close();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #pull(limiter: Limiter, action: string, queue: string, value: string | number, reason: string): Promise<void> {
    await this.#link.ready();
    const key = limiterKey(limiter.prefix);
    const pull = () => runScript(this.#link.client, "control", [key, limiter.prefix, action, queue, value, reason, ""]);
    let done = await pull();
    if (done !== 1) {
      // An operator may come before everybody else.
      await this.#link.limiter(limiter);
      done = await pull();
    }
    if (done !== 1) throw headgateError("HG_NOT_REGISTERED", { got: queue || limiter.name });
  }

  async #withBullQueue<T>(queue: Queue, use: (queue: BullQueue) => Promise<T>): Promise<T> {
    const client = openClient(this.#connection);
    const bull = new BullQueue(queue.bullmq.name, { connection: client as never, prefix: queue.bullmq.prefix });
    try {
      return await use(bull);
    } finally {
      await bull.close();
      client.disconnect();
    }
  }
}

export const createControl = (options: ControlOptions): Control => new Control(options);
