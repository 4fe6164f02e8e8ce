import { EventEmitter } from "node:events";
import type { Writable } from "node:stream";
import type { WritableStream } from "node:stream/web";
import type { Telemetry } from "bullmq";
import { type QueueStatus, readQueueStatus } from "../control/status.ts";
import { createId, encodeId, encodeOwnId } from "../define/id.ts";
import { parsePayload, serializePayload } from "../define/payload.ts";
import type { Queue } from "../define/queue.ts";
import { type HeadgateError, headgateError } from "../errors.ts";
import { admissions } from "../observe/channels.ts";
import { withoutData } from "../observe/error-kind.ts";
import { tellFault } from "../observe/redis-error-kind.ts";
import { closedError, Link } from "../redis/link.ts";
import type { LevelChange } from "../signal/feed.ts";
import { runningOn } from "../worker/running.ts";
import { type EnqueueOne, enqueueMany } from "./enqueue-many.ts";
import type { FlowNode, FlowResult, TypedFlow } from "./flow.ts";
import { Flows } from "./flows.ts";
import { type Lane, Lanes } from "./lanes.ts";
import { endOf } from "./on-abort.ts";
import {
  type EnqueueOptions,
  type ManyOptions,
  type ResolvedEnqueueOptions,
  resolveEnqueueOptions,
  resolveManyOptions,
} from "./options.ts";
import type { Reach } from "./reach.ts";
import { type Accepted, type EnqueueResult, isFinal, type Refusal, refusedOf } from "./result.ts";
import { Results } from "./results.ts";
import type { Scheduled, ScheduleOptions } from "./schedule.ts";
import { endSchedule, startSchedule } from "./schedules.ts";
import { tellOf } from "./seen-admission.ts";
import { type ProducerOptions, resolveProducerOptions } from "./settings.ts";
import { tracedEnqueue, tracedSchedule } from "./traced.ts";
import { type Ask, isAway, type WaitingLine } from "./waiting-line.ts";
import { writable } from "./writable.ts";
import { writableStream } from "./writable-stream.ts";

export interface ProducerEvents {
  level: [LevelChange];
  error: [Error];
}

/** A stream waits for room; with `timeout`, a wait that takes longer is its error. */
export type StreamOptions<In> = Omit<ManyOptions<In>, "onPressure">;

export type FlowOptions = Pick<EnqueueOptions, "onPressure" | "timeout" | "signal">;

/** Enqueues jobs, and is slowed, told or refused when the API behind a queue cannot keep up. */
export class Producer extends EventEmitter<ProducerEvents> {
  readonly #link: Link;
  readonly #telemetry: Telemetry | undefined;
  readonly #lanes: Lanes;
  readonly #reach: Reach = {
    open: () => {
      if (this.#closing) throw closedError("producer");
    },
    backend: (queue, id) => this.#lanes.backend(queue, id),
    ask: (queues, id, question) => this.#lanes.ask(queues, id, question),
    line: () => this.#lanes.line(),
  };
  readonly #flows: Flows = new Flows(this.#reach, (queue, line, ask, first, options) =>
    this.#stand({ queue, line }, line.ticket(), ask, first, options),
  );
  readonly #results: Results;
  #closing: Promise<void> | undefined;

  constructor(options: ProducerOptions) {
    super();
    const { connection, telemetry } = options;
    const onError = (error: Error): void => this.#report(error);
    this.#telemetry = telemetry;
    this.#link = new Link(connection, onError);
    this.#lanes = new Lanes(connection, this.#link, resolveProducerOptions(options), {
      onLevel: (prefix, change) => this.#onLevel(prefix, change),
      onBack: () => this.#wakeAll(),
      onError,
    });
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
    return this.#seen(queue, payload, options, null);
  }

  /** For whoever watches, and in a span where there is telemetry. `given`: options that were resolved once for many. */
  #seen<In, Out>(
    queue: Queue<In, Out>,
    payload: In,
    options: EnqueueOptions | undefined,
    given: ResolvedEnqueueOptions | null,
  ): Promise<EnqueueResult> {
    const answer = this.#telemetry
      ? tracedEnqueue(this.#telemetry, queue, "add", (context) =>
          this.#enqueue(queue, payload, options, given, context),
        )
      : this.#enqueue(queue, payload, options, given, "");
    if (admissions.isWatched) tellOf(queue.name, payload, answer);
    return answer;
  }

  /** @param context of a trace, "" without one; goes with the job */
  async #enqueue<In, Out>(
    queue: Queue<In, Out>,
    payload: In,
    options: EnqueueOptions | undefined,
    given: ResolvedEnqueueOptions | null,
    context: string,
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
    const lane = this.#lanes.of(queue as Queue);
    const job = { id, encoded, data, cost: lane.uniform ? "" : JSON.stringify(cost), context };
    const ask = this.#lanes.asking(lane, job, resolved);
    if (resolved.mode === "refuse") return refusedOrNot(await ask(null));
    // A run of the same limiter must not wait; whether it would have to, only an answer tells.
    const mayStand = runningOn() !== queue.limiter.prefix;
    const ticket = lane.line.ticket();
    let first: Accepted | Refusal | HeadgateError;
    try {
      if (lane.backend === null) {
        await this.#lanes.open(lane, id, performance.now());
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
    const { deadline } = rest;
    // A duration counts from when its job is enqueued.
    const deadlineAt = () => (deadline === undefined ? null : resolveEnqueueOptions({ deadline }).deadlineAt);
    return (payload, signal) => {
      const own = { signal, id: id === undefined ? id : id(payload), deadlineAt: deadlineAt() };
      return this.#seen(queue, payload, undefined, { ...resolved, ...own });
    };
  }

  /**
   * Asks for admission of a job and of those that must end before it: all of them are stored, or none. The root's `id` makes
   * it idempotent. A refusal is a value, and says which queue had no room.
   * @throws HG_FLOW_CROSSES_LIMITERS, HG_FLOW_TOO_LARGE, HG_FLOW_CONFLICT, and what `enqueue` throws
   */
  async enqueueFlow<Tree extends FlowNode>(tree: Tree & TypedFlow<Tree>, options?: FlowOptions): Promise<FlowResult> {
    const resolved = resolveEnqueueOptions(options);
    // What is no flow is told so where flows are read.
    const { queue } = (tree ?? {}) as { readonly queue?: Queue };
    if (this.#telemetry === undefined || queue?.kind !== "queue") return this.#flows.enqueue(tree, resolved, "");
    return tracedEnqueue(this.#telemetry, queue, "addFlow", (context) => this.#flows.enqueue(tree, resolved, context));
  }

  /**
   * Starts a schedule, or changes the one of this id: each iteration is a job with this payload. No level refuses it, and its
   * next iteration is always stored; one that comes due while the queue is closed is finished without running, and counted.
   * @throws HG_NAME_INVALID, HG_OPTION_INVALID, and what `enqueue` throws for a payload or a cost
   */
  schedule<In, Out>(queue: Queue<In, Out>, id: string, when: ScheduleOptions, payload: In): Promise<Scheduled> {
    const start = (context: string) => startSchedule(this.#reach, queue, id, when, payload, context);
    return this.#telemetry ? tracedSchedule(this.#telemetry, queue, id, start) : start("");
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
    const backend = await this.#lanes.backend(queue, id);
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
    for (const line of this.#lines()) line.end(closedError("producer"));
    await this.#results.close();
    await this.#lanes.close();
    await this.#link.close();
  }

  /** Behind those who wait already; but what sheds, or has a deadline, is told at once whether it is worth waiting. */
  #mustStand({ queue, line, room }: Lane, { deadlineAt }: ResolvedEnqueueOptions): boolean {
    if (this.#lanes.away) return true;
    return (line.length > 0 || !room.sure) && queue.shed === null && deadlineAt === null;
  }

  #stand(
    { queue, line }: Pick<Lane, "queue" | "line">,
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
    // Closed while it was asked for: nobody would end its wait.
    if (this.#closing) throw closedError("producer");
    return line.wait({ ticket, ask, first, timeoutMs, deadlineAt, signal });
  }

  #onLevel(prefix: string, change: LevelChange): void {
    for (const { queue, line } of this.#lanes.all()) {
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
    for (const { line } of this.#lanes.all()) yield line;
    yield* this.#flows.lines();
  }

  #report(error: Error): void {
    tellFault(error);
    if (this.listenerCount("error") > 0) this.emit("error", withoutData(error));
  }
}

const refusedOrNot = (answer: Accepted | Refusal): EnqueueResult => (answer.accepted ? answer : refusedOf(answer));

export const createProducer = (options: ProducerOptions): Producer => new Producer(options);
