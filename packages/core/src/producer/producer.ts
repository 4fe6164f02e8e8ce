import { EventEmitter } from "node:events";
import type { Writable } from "node:stream";
import type { WritableStream } from "node:stream/web";
import { ProducerBackend } from "../bullmq/producer-backend.ts";
import { type QueueStatus, readQueueStatus } from "../control/status.ts";
import { createId, encodeId, encodeOwnId } from "../define/id.ts";
import { parsePayload, serializePayload } from "../define/payload.ts";
import type { Queue } from "../define/queue.ts";
import { headgateError } from "../errors.ts";
import { type Connection, openClient } from "../redis/connection.ts";
import { enqueueFault, unavailable } from "../redis/fault.ts";
import { closedError, Link } from "../redis/link.ts";
import { Patience } from "../redis/patience.ts";
import { Feed, type LevelChange } from "../signal/feed.ts";
import { followRuns, runningOn } from "../worker/running.ts";
import { type EnqueueOne, enqueueMany } from "./enqueue-many.ts";
import type { FlowNode, FlowResult, TypedFlow } from "./flow.ts";
import { Flows } from "./flows.ts";
import { jobOptions } from "./job-options.ts";
import { endOf } from "./on-abort.ts";
import {
  type EnqueueOptions,
  type ManyOptions,
  type ResolvedEnqueueOptions,
  resolveEnqueueOptions,
  resolveManyOptions,
} from "./options.ts";
import type { Reach } from "./reach.ts";
import { type Accepted, type EnqueueResult, type Refusal, readAdmission, withoutSlot } from "./result.ts";
import { Results } from "./results.ts";
import { Room } from "./room.ts";
import type { Scheduled, ScheduleOptions } from "./schedule.ts";
import { endSchedule, startSchedule } from "./schedules.ts";
import { type Ask, WaitingLine } from "./waiting-line.ts";
import { writable } from "./writable.ts";
import { writableStream } from "./writable-stream.ts";

export interface ProducerOptions {
  readonly connection: Connection;
  /** How long one question to Redis may take before `enqueue` answers with HG_REDIS_UNAVAILABLE; default 2 s. */
  readonly commandTimeoutMs?: number;
}

export interface ProducerEvents {
  level: [LevelChange];
  error: [Error];
}

/** A stream waits for room; with `timeout`, a wait that takes longer is its error. */
export type StreamOptions<In> = Omit<ManyOptions<In>, "onPressure">;

export type FlowOptions = Pick<EnqueueOptions, "onPressure" | "timeout" | "signal">;

const COMMAND_TIMEOUT_MS = 2_000;

/** What a producer keeps for a queue: the way to store its jobs, and who waits. */
interface Lane {
  readonly backend: ProducerBackend;
  readonly line: WaitingLine;
  readonly room: Room;
  /** BullMQ's options of a job that asks for nothing. */
  readonly jobOptions: object;
  readonly uniform: boolean;
}

/** Enqueues jobs, and is slowed, told or refused when the API behind a queue cannot keep up. */
export class Producer extends EventEmitter<ProducerEvents> {
  readonly #link: Link;
  readonly #connection: Connection;
  readonly #patience: Patience;
  readonly #lanes = new Map<Queue, Promise<Lane>>();
  readonly #opened = new Map<Queue, Lane>();
  readonly #reach: Reach = {
    open: () => {
      if (this.#closing) throw closedError("producer");
    },
    backend: async (queue, id) => (await this.#lane(queue, id)).backend,
    ask: (queues, id, question) => this.#askRegistered(queues, id, question),
  };
  readonly #flows: Flows = new Flows(this.#reach, (queue, line, ask, first, options) =>
    this.#stand(queue, { line }, ask, first, options),
  );
  readonly #results: Results;
  readonly #unfollow: (() => void)[] = [];
  #feed: Feed | undefined;
  #closing: Promise<void> | undefined;

  constructor({ connection, commandTimeoutMs = COMMAND_TIMEOUT_MS }: ProducerOptions) {
    super();
    this.#connection = connection;
    this.#patience = new Patience(commandTimeoutMs);
    this.#link = new Link(connection, (error) => this.#report(error));
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
  enqueue<In, Out>(queue: Queue<In, Out>, payload: In, options?: EnqueueOptions): Promise<EnqueueResult> {
    return this.#enqueue(queue, payload, options, null);
  }

  /** `given`: options that were resolved once for many. */
  async #enqueue<In, Out>(
    queue: Queue<In, Out>,
    payload: In,
    options: EnqueueOptions | undefined,
    given: ResolvedEnqueueOptions | null,
  ): Promise<EnqueueResult> {
    if (this.#closing) throw closedError("producer");
    const resolved = given ?? resolveEnqueueOptions(options);
    resolved.signal?.throwIfAborted();
    const id = resolved.id ?? createId();
    const encoded = resolved.id === undefined ? encodeOwnId(id) : encodeId(id);
    const parsed = parsePayload(queue, payload);
    const value = parsed instanceof Promise ? await parsed : parsed;
    const data = serializePayload(queue, value);
    const cost = queue.costOf(value);
    const lane = this.#opened.get(queue as Queue) ?? (await this.#lane(queue as Queue, id));
    resolved.signal?.throwIfAborted();

    const ask = this.#asking(
      queue as Queue,
      lane,
      { id, encoded, data, cost: lane.uniform ? "" : JSON.stringify(cost) },
      resolved,
    );
    if (resolved.mode === "refuse") return strip(await ask(null));
    // A run of the same limiter must not wait; whether it would have to, only an answer tells.
    const mayStand = runningOn() !== queue.limiter.prefix;
    if (mayStand && (lane.line.length > 0 || !lane.room.sure))
      return this.#stand(queue as Queue, lane, ask, null, resolved);
    // Only the head of the line reserves a paced slot.
    const first = await ask(null);
    return first.accepted ? first : this.#stand(queue as Queue, lane, ask, first, resolved);
  }

  /**
   * Enqueues what an iterable yields, one admission each, up to 64 of them on the way at once; answers in order, and the
   * source is read as they come in. Ending the loop ends what still waits.
   */
  enqueueMany<In, Out>(
    queue: Queue<In, Out>,
    payloads: Iterable<In> | AsyncIterable<In>,
    options: ManyOptions<In> = {},
  ): AsyncGenerator<EnqueueResult, void, undefined> {
    return enqueueMany(payloads, this.#one(queue, options), endOf(options.signal));
  }

  /**
   * A `node:stream` Writable in object mode: every chunk is one payload, pressure is backpressure, and a write's callback
   * comes when its job is stored. A refusal is the stream's error, HG_REFUSED.
   */
  writable<In, Out>(queue: Queue<In, Out>, options: StreamOptions<In> = {}): Writable {
    return writable(this.#one(queue, options), options.signal);
  }

  /**
   * The same as a Web WritableStream, for `pipeTo`; `close()` is done when every job is stored. To end a pipe while it waits
   * for room, give the signal here: what is given to `pipeTo` alone waits, as the standard says, for the writes under way.
   */
  writableStream<In, Out>(queue: Queue<In, Out>, options: StreamOptions<In> = {}): WritableStream<In> {
    return writableStream(this.#one(queue, options), options.signal);
  }

  #one<In, Out>(queue: Queue<In, Out>, { id, ...rest }: ManyOptions<In>): EnqueueOne<In> {
    const resolved = resolveManyOptions(id, rest);
    return (payload, signal) =>
      this.#enqueue(queue, payload, undefined, { ...resolved, signal, id: id === undefined ? id : id(payload) });
  }

  /**
   * Asks for admission of a job and of those that must end before it: all of them are stored, or none. The root's `id` makes
   * it idempotent. A refusal is a value, and says which queue had no room.
   * @throws HG_FLOW_CROSSES_LIMITERS, HG_FLOW_TOO_LARGE, HG_FLOW_CONFLICT, and what `enqueue` throws
   */
  async enqueueFlow<Tree extends FlowNode>(tree: Tree & TypedFlow<Tree>, options?: FlowOptions): Promise<FlowResult> {
    return this.#flows.enqueue(tree, resolveEnqueueOptions(options));
  }

  /**
   * Starts a schedule, or changes the one of this id: each iteration is a job with this payload. No level refuses it, and its
   * next iteration is always stored; one that comes due while the queue is closed is finished without running, and counted.
   * @throws HG_NAME_INVALID, HG_OPTION_INVALID, and what `enqueue` throws for a payload or a cost
   */
  schedule<In, Out>(queue: Queue<In, Out>, id: string, when: ScheduleOptions, payload: In): Promise<Scheduled> {
    return startSchedule(this.#reach, queue, id, when, payload);
  }

  /** Ends a schedule, and takes back its next iteration unless that is due; false when there was none. */
  unschedule(queue: Queue, id: string): Promise<boolean> {
    return endSchedule(this.#reach, queue, id);
  }

  async status(queue: Queue): Promise<QueueStatus> {
    await this.#link.queue(queue);
    return readQueueStatus(this.#link.client, queue);
  }

  /** Removes a job that does not run yet; false when it runs, has ended, or is not there. */
  async cancel(queue: Queue, id: string): Promise<boolean> {
    const { backend } = await this.#lane(queue, id);
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
    for (const unfollow of this.#unfollow.splice(0)) unfollow();
    for (const line of this.#lines()) line.end(closedError("producer"));
    await this.#results.close();
    await this.#feed?.close();
    await this.#link.close();
  }

  /** In time, as `enqueue` asks; it does so by itself, because each async function around it costs it 2 % of its time. */
  async #askRegistered<T>(queues: Iterable<Queue>, id: string, question: () => Promise<T>): Promise<T> {
    const ask = () => this.#inTime(question(), id);
    try {
      return await ask().catch(async (error: unknown) => {
        if (!isUnregistered(error)) throw error;
        this.#link.forget();
        for (const queue of queues) await this.#link.queue(queue);
        return ask();
      });
    } catch (error) {
      throw enqueueFault(error, id);
    }
  }

  #stand(
    queue: Queue,
    lane: Pick<Lane, "line">,
    ask: Ask,
    first: Refusal | null,
    options: ResolvedEnqueueOptions,
  ): Promise<EnqueueResult> {
    if (runningOn() === queue.limiter.prefix) {
      throw headgateError("HG_WAIT_IN_WORKER", {
        got: `queue "${queue.name}" from a job of limiter "${queue.limiter.name}"`,
      });
    }
    // Closed while it was asked for: nobody would end its wait.
    if (this.#closing) throw closedError("producer");
    return lane.line.wait(ask, first, options.timeoutMs, options.signal);
  }

  /** One question to Redis, to be asked as often as needed: always the same job, always the same nonce. */
  #asking(
    queue: Queue,
    lane: Lane,
    job: { readonly id: string; readonly encoded: string; readonly data: string; readonly cost: string },
    options: ResolvedEnqueueOptions,
  ): Ask {
    const nonce = options.id === undefined ? "" : createId();
    const { priority, delayMs } = options;
    const opts = priority === 0 && delayMs === 0 ? lane.jobOptions : jobOptions(queue, priority, delayMs);
    // One async function around it all: each more cost an enqueue 2 % of its time.
    return async (slot) => {
      const json = { id: job.encoded, name: queue.name, data: job.data, opts, timestamp: Date.now() };
      const admission = { id: job.encoded, nonce, cost: job.cost, waits: slot === null ? null : { slot } };
      const admit = () => this.#inTime(lane.backend.admit(json as never, admission), job.id);
      lane.room.ask();
      let told: Accepted | Refusal | undefined;
      try {
        told = readAdmission(await admit(), job.id);
      } catch (error) {
        if (!isUnregistered(error)) throw enqueueFault(error, job.id);
        // Somebody emptied Redis: register again, once, and ask again.
        this.#link.forget();
        await this.#link.queue(queue);
        told = readAdmission(await admit(), job.id);
      } finally {
        lane.room.answer(told?.depth);
      }
      return told;
    };
  }

  /** An answer, or HG_REDIS_UNAVAILABLE when it takes too long. */
  #inTime<T>(answer: Promise<T>, id: string): Promise<T> {
    return this.#patience.wait(answer, () => unavailable("timeout", id, "unknown"));
  }

  async #lane(queue: Queue, id: string): Promise<Lane> {
    let lane = this.#lanes.get(queue);
    if (!lane) {
      lane = this.#open(queue);
      this.#lanes.set(queue, lane);
      lane.catch(() => this.#lanes.delete(queue));
    }
    try {
      return await lane;
    } catch (error) {
      throw enqueueFault(error, id);
    }
  }

  async #open(queue: Queue): Promise<Lane> {
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
    const { low, high } = queue.watermarks;
    const room = new Room(((low + high) / 2) * queue.capacity);
    const uniform = queue.uniformCost !== null;
    const lane = { backend, line: new WaitingLine(), room, jobOptions: jobOptions(queue, 0, 0), uniform };
    this.#opened.set(queue, lane);
    this.#unfollow.push(followRuns(queue.limiter.prefix));
    return lane;
  }

  #onLevel(prefix: string, change: LevelChange): void {
    for (const [queue, { line }] of this.#opened) {
      if (queue.name === change.queue && queue.limiter.prefix === prefix) line.wake(change.level !== "open");
    }
    for (const line of this.#flows.lines(prefix)) line.wake(change.level !== "open");
    this.emit("level", change);
  }

  /** After a gap in the subscription nobody knows what was missed: every line looks once. */
  #wakeAll(): void {
    for (const line of this.#lines()) line.wake();
  }

  *#lines(): Generator<WaitingLine> {
    for (const { line } of this.#opened.values()) yield line;
    yield* this.#flows.lines();
  }

  #report(error: Error): void {
    if (this.listenerCount("error") > 0) this.emit("error", error);
  }
}

const strip = (answer: Accepted | Refusal): EnqueueResult => (answer.accepted ? answer : withoutSlot(answer));

const isUnregistered = (error: unknown): boolean =>
  error instanceof Error && error.message.startsWith("HG_NOT_REGISTERED");

export const createProducer = (options: ProducerOptions): Producer => new Producer(options);
