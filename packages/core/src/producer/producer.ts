import { EventEmitter } from "node:events";
import { Writable } from "node:stream";
import { ProducerBackend } from "../bullmq/producer-backend.ts";
import { type QueueStatus, readQueueStatus } from "../control/status.ts";
import { createId, encodeId, encodeOwnId } from "../define/id.ts";
import { parsePayload, serializePayload } from "../define/payload.ts";
import type { Queue } from "../define/queue.ts";
import { type HeadgateError, headgateError, isHeadgateError } from "../errors.ts";
import { type Connection, openClient } from "../redis/connection.ts";
import { enqueueFault } from "../redis/fault.ts";
import { closedError, Link } from "../redis/link.ts";
import { Reach } from "../redis/reach.ts";
import { Feed, type LevelChange } from "../signal/feed.ts";
import { followRuns, runningOn } from "../worker/running.ts";
import { enqueueMany, MANY_IN_FLIGHT } from "./enqueue-many.ts";
import { Lookout } from "./lookout.ts";
import { type EnqueueOptions, type ResolvedEnqueueOptions, resolveEnqueueOptions } from "./options.ts";
import { Places } from "./places.ts";
import { type Accepted, type EnqueueResult, isFinal, type Refusal, readAdmission, refusedOf } from "./result.ts";
import { Results } from "./results.ts";
import { Room } from "./room.ts";
import { type ProducerOptions, resolveProducerOptions } from "./settings.ts";
import { type Ask, isAway, WaitingLine } from "./waiting-line.ts";

export interface ProducerEvents {
  level: [LevelChange];
  error: [Error];
}

/** What a producer keeps for a queue: who waits, and, when it was first needed, the way to store its jobs. */
interface Lane {
  readonly queue: Queue;
  backend: ProducerBackend | null;
  opening: Promise<ProducerBackend> | null;
  readonly line: WaitingLine;
  readonly room: Room;
  /** BullMQ's options of every job of the queue. */
  readonly jobOptions: object;
  readonly uniform: boolean;
}

/** Enqueues jobs, and is slowed, told or refused when the API behind a queue cannot keep up. */
export class Producer extends EventEmitter<ProducerEvents> {
  readonly #link: Link;
  readonly #connection: Connection;
  readonly #reach: Reach;
  readonly #places: Places;
  readonly #lookout: Lookout;
  readonly #lanes = new Map<Queue, Lane>();
  readonly #results: Results;
  readonly #unfollow: (() => void)[] = [];
  #feed: Feed | undefined;
  #closing: Promise<void> | undefined;

  constructor(options: ProducerOptions) {
    super();
    const { commandTimeoutMs, maxWaiting } = resolveProducerOptions(options);
    const { connection } = options;
    this.#connection = connection;
    this.#link = new Link(connection, (error) => this.#report(error));
    this.#reach = new Reach(this.#link, commandTimeoutMs, () => this.#wakeAll());
    this.#places = new Places(maxWaiting);
    this.#lookout = new Lookout(this.#link.client, () => !this.#reach.away);
    this.#results = new Results(connection);
  }

  /** Connected and checked, or throws the coded error of what is wrong. */
  async ready(): Promise<void> {
    await this.#link.ready();
  }

  /**
   * Asks for admission of one job. Expected answers are values; errors are bad input and broken infrastructure, the latter
   * with `id` and `outcome`, so that a retry with that id is safe.
   */
  async enqueue<In, Out>(queue: Queue<In, Out>, payload: In, options?: EnqueueOptions): Promise<EnqueueResult> {
    if (this.#closing) throw closedError("producer");
    const resolved = resolveEnqueueOptions(options);
    resolved.signal?.throwIfAborted();
    const id = resolved.id ?? createId();
    const encoded = resolved.id === undefined ? encodeOwnId(id) : encodeId(id);
    const parsed = parsePayload(queue, payload);
    const value = parsed instanceof Promise ? await parsed : parsed;
    const data = serializePayload(queue, value);
    const cost = queue.costOf(value);
    const lane = this.#laneOf(queue as Queue);
    const job = { id, encoded, data, cost: lane.uniform ? "" : JSON.stringify(cost) };
    const ask = this.#asking(lane, job, resolved);
    if (resolved.mode === "refuse") return refusedOrNot(await ask(null));
    // A run of the same limiter must not wait; whether it would have to, only an answer tells.
    const mayStand = runningOn() !== queue.limiter.prefix;
    const ticket = lane.line.ticket();
    let first: Accepted | Refusal | HeadgateError;
    try {
      if (lane.backend === null) {
        await this.#reachable(lane, id, performance.now());
        resolved.signal?.throwIfAborted();
      }
      if (mayStand && this.#mustStand(lane, resolved)) return this.#stand(lane, ticket, ask, null, resolved);
      // Only the head of the line reserves a paced slot.
      first = await ask(null);
    } catch (error) {
      if (!mayStand || !isAway(error)) throw error;
      first = error;
    }
    if ("accepted" in first && (first.accepted || isFinal(first))) return refusedOrNot(first);
    return this.#stand(lane, ticket, ask, first, resolved);
  }

  /** Enqueues what an iterable yields, one admission each; answers in order, and the source is read as they come in. */
  enqueueMany<In, Out>(
    queue: Queue<In, Out>,
    payloads: Iterable<In> | AsyncIterable<In>,
    options: EnqueueOptions = {},
  ): AsyncGenerator<EnqueueResult, void, undefined> {
    return enqueueMany(payloads, (payload, ended) => {
      const signal = options.signal ? AbortSignal.any([ended, options.signal]) : ended;
      return this.enqueue(queue, payload, { ...options, signal });
    });
  }

  /** A Writable in object mode: every chunk is one payload, pressure is backpressure. */
  writable<In, Out>(queue: Queue<In, Out>, options?: Omit<EnqueueOptions, "onPressure" | "id">): Writable {
    const abort = new AbortController();
    const signals = options?.signal ? [abort.signal, options.signal] : [abort.signal];
    return new Writable({
      objectMode: true,
      highWaterMark: MANY_IN_FLIGHT,
      write: (payload: In, _encoding, done) => {
        this.enqueue(queue, payload, { ...options, signal: AbortSignal.any(signals) }).then(
          (result) => done(result.accepted ? null : headgateError("HG_REFUSED", { got: result.reason })),
          done,
        );
      },
      destroy: (error, done) => {
        abort.abort(error ?? undefined);
        done(error);
      },
    });
  }

  async status(queue: Queue): Promise<QueueStatus> {
    await this.#link.queue(queue);
    return readQueueStatus(this.#link.client, queue);
  }

  /** Removes a job that does not run yet; false when it runs, has ended, or is not there. */
  async cancel(queue: Queue, id: string): Promise<boolean> {
    const backend = await this.#lane(queue, id);
    const encoded = encodeId(id);
    const state = await backend.getState(encoded);
    if (state === "active" || state === "completed" || state === "failed" || state === "unknown") return false;
    const removed = await backend.remove(encoded, true).catch(() => 0);
    return removed === 1;
  }

  /** What a job returned; throws HG_JOB_FAILED, HG_JOB_NOT_FOUND or HG_RESULT_TIMEOUT. */
  async result(queue: Queue, id: string, options: { readonly timeout?: number | string } = {}): Promise<unknown> {
    await this.#link.queue(queue);
    return this.#results.of(queue, id, options);
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    this.#lookout.close();
    for (const unfollow of this.#unfollow.splice(0)) unfollow();
    for (const { line } of this.#lanes.values()) line.end(closedError("producer"));
    this.#reach.end(closedError("producer"));
    await this.#results.close();
    await this.#feed?.close();
    await this.#link.close();
  }

  /** Behind those who wait already; but what sheds, or has a deadline, is told at once whether it is worth waiting. */
  #mustStand({ queue, line, room }: Lane, { deadlineAt }: ResolvedEnqueueOptions): boolean {
    if (this.#reach.away) return true;
    return (line.length > 0 || !room.sure) && queue.shed === null && deadlineAt === null;
  }

  #stand(
    { queue, line }: Lane,
    ticket: number,
    ask: Ask,
    first: Refusal | HeadgateError | null,
    { timeoutMs, deadlineAt, signal }: ResolvedEnqueueOptions,
  ): Promise<EnqueueResult> {
    if (runningOn() === queue.limiter.prefix) {
      throw headgateError("HG_WAIT_IN_WORKER", {
        got: `queue "${queue.name}" from a job of limiter "${queue.limiter.name}"`,
      });
    }
    return line.wait({ ticket, ask, first, timeoutMs, deadlineAt, signal });
  }

  /** One question to Redis, to be asked as often as needed: always the same job, always the same nonce. */
  #asking(
    lane: Lane,
    job: { readonly id: string; readonly encoded: string; readonly data: string; readonly cost: string },
    options: ResolvedEnqueueOptions,
  ): Ask {
    const { queue } = lane;
    const nonce = options.id === undefined ? "" : createId();
    const opts =
      options.priority === 0 && options.delayMs === 0
        ? lane.jobOptions
        : {
            ...lane.jobOptions,
            ...(options.priority > 0 ? { priority: options.priority } : {}),
            ...(options.delayMs > 0 ? { delay: options.delayMs } : {}),
          };
    const more = moreOf(queue, options);
    // One async function around it all: each more cost an enqueue 2 % of its time.
    return async (slot) => {
      let { backend } = lane;
      let since: number | undefined;
      if (backend === null || this.#reach.away) {
        since = performance.now();
        backend = await this.#reachable(lane, job.id, since);
      }
      const json = { id: job.encoded, name: queue.name, data: job.data, opts, timestamp: Date.now() };
      const admission = {
        id: job.encoded,
        nonce,
        cost: job.cost,
        more: more === null && slot === null ? null : { ...more?.(), slot: slot ?? undefined },
      };
      const admit = () =>
        this.#reach.answered((backend as ProducerBackend).admit(json as never, admission), job.id, since);
      lane.room.ask();
      let told: Accepted | Refusal | undefined;
      try {
        told = readAdmission(await admit(), job.id);
      } catch (error) {
        if (!isUnregistered(error)) {
          const fault = enqueueFault(error, job.id);
          if (isHeadgateError(fault) && fault.got === "oom") this.#lookout.full(lane);
          throw fault;
        }
        // Somebody emptied Redis: register again, once, and ask again.
        this.#link.forget();
        await this.#reach.started(this.#link.queue(queue), job.id, performance.now());
        told = readAdmission(await admit(), job.id);
      } finally {
        lane.room.answer(told);
      }
      return told;
    };
  }

  /** The lane's way to Redis, when Redis is there. */
  async #reachable(lane: Lane, id: string, since: number): Promise<ProducerBackend> {
    try {
      if (this.#link.started) await this.#reach.returned(id, since);
      return lane.backend ?? (await this.#reach.started(this.#open(lane), id, since));
    } catch (error) {
      throw this.#closing ? closedError("producer") : enqueueFault(error, id);
    }
  }

  #laneOf(queue: Queue): Lane {
    const known = this.#lanes.get(queue);
    if (known) return known;
    const { low, high } = queue.watermarks;
    const { attempts, backoff } = queue;
    const jitter = backoff.jitter > 0 ? { jitter: backoff.jitter } : {};
    const lane: Lane = {
      queue,
      backend: null,
      opening: null,
      line: new WaitingLine(this.#places, () => this.#reach.away),
      room: new Room(((low + high) / 2) * queue.capacity),
      jobOptions: {
        attempts,
        backoff: { type: backoff.type, delay: backoff.delayMs, ...jitter },
        ...(queue.shed === null ? {} : { priority: queue.defaultPriority }),
      },
      uniform: queue.uniformCost !== null,
    };
    this.#lanes.set(queue, lane);
    return lane;
  }

  async #lane(queue: Queue, id: string): Promise<ProducerBackend> {
    const lane = this.#laneOf(queue);
    return lane.backend ?? (await this.#reachable(lane, id, performance.now()));
  }

  #open(lane: Lane): Promise<ProducerBackend> {
    lane.opening ??= this.#opened(lane).catch((error: unknown) => {
      lane.opening = null;
      throw error;
    });
    return lane.opening;
  }

  async #opened(lane: Lane): Promise<ProducerBackend> {
    const { queue } = lane;
    await this.#link.queue(queue);
    this.#feed ??= new Feed(
      openClient(this.#connection).on("error", () => undefined),
      (prefix, change) => this.#onLevel(prefix, change),
      () => this.#wakeAll(),
    );
    await this.#feed.follow(queue.limiter.prefix);
    const backend = new ProducerBackend(this.#link.client, queue.bullmq.name, queue.bullmq.prefix);
    backend.on("error", (error: Error) => this.#report(error));
    await backend.waitUntilReady();
    this.#unfollow.push(followRuns(queue.limiter.prefix));
    this.#lookout.watch(lane);
    lane.backend = backend;
    return backend;
  }

  #onLevel(prefix: string, change: LevelChange): void {
    for (const { queue, line } of this.#lanes.values()) {
      if (queue.name === change.queue && queue.limiter.prefix === prefix) line.wake(change.level !== "open");
    }
    this.emit("level", change);
  }

  /** After a gap in the subscription nobody knows what was missed: every line looks once. */
  #wakeAll(): void {
    for (const { line } of this.#lanes.values()) line.wake();
  }

  #report(error: Error): void {
    if (this.listenerCount("error") > 0) this.emit("error", error);
  }
}

const refusedOrNot = (answer: Accepted | Refusal): EnqueueResult => (answer.accepted ? answer : refusedOf(answer));

/** What the script has to know of a job in a queue that sheds, and of one with a deadline; null: nothing. */
function moreOf(
  { shed, defaultPriority }: Queue,
  { priority, delayMs, deadlineAt }: ResolvedEnqueueOptions,
): (() => { readonly priority: number; readonly left?: number }) | null {
  if (shed === null && deadlineAt === null) return null;
  const urgency = priority === 0 && shed !== null ? defaultPriority : priority;
  return () => {
    if (deadlineAt === null) return { priority: urgency };
    const left = Math.max(0, Math.ceil(deadlineAt - performance.now()));
    // Not before its delay has passed: a deadline before that has as good as passed.
    return { priority: urgency, left: delayMs > left ? 0 : left };
  };
}

const isUnregistered = (error: unknown): boolean =>
  error instanceof Error && error.message.startsWith("HG_NOT_REGISTERED");

export const createProducer = (options: ProducerOptions): Producer => new Producer(options);
