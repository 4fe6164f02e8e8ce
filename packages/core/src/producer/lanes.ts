import { ProducerBackend } from "../bullmq/producer-backend.ts";
import { readQueueStatus } from "../control/status.ts";
import { createId } from "../define/id.ts";
import type { Queue } from "../define/queue.ts";
import { isHeadgateError } from "../errors.ts";
import { type Connection, openClient } from "../redis/connection.ts";
import { Contact } from "../redis/contact.ts";
import { enqueueFault } from "../redis/fault.ts";
import { closedError, type Link } from "../redis/link.ts";
import { Feed, type LevelChange } from "../signal/feed.ts";
import { followRuns } from "../worker/running.ts";
import { jobOptions } from "./job-options.ts";
import { Lookout } from "./lookout.ts";
import type { ResolvedEnqueueOptions } from "./options.ts";
import { Places } from "./places.ts";
import { type Accepted, type Refusal, readAdmission } from "./result.ts";
import { Room } from "./room.ts";
import type { ResolvedProducerOptions } from "./settings.ts";
import { type Ask, WaitingLine } from "./waiting-line.ts";

/** What a producer keeps for a queue: who waits, and, when it was first needed, the way to store its jobs. */
export interface Lane {
  readonly queue: Queue;
  backend: ProducerBackend | null;
  opening: Promise<ProducerBackend> | null;
  readonly line: WaitingLine;
  readonly room: Room;
  /** BullMQ's options of a job that asks for nothing. */
  readonly jobOptions: object;
  readonly uniform: boolean;
}

/** A job as it is asked for. */
interface Wish {
  readonly id: string;
  readonly encoded: string;
  readonly data: string;
  /** JSON, or "" where all jobs of the queue cost the same. */
  readonly cost: string;
  /** Of a trace, "" without one. */
  readonly context: string;
}

interface Hears {
  readonly onLevel: (prefix: string, change: LevelChange) => void;
  /** What was published meanwhile is gone, or Redis was away: every line looks once. */
  readonly onBack: () => void;
  readonly onError: (error: Error) => void;
}

/** A producer's ways to its queues in Redis, and its questions on them. */
export class Lanes {
  readonly #connection: Connection;
  readonly #link: Link;
  readonly #contact: Contact;
  readonly #places: Places;
  readonly #lookout: Lookout;
  readonly #hears: Hears;
  readonly #lanes = new Map<Queue, Lane>();
  readonly #unfollow: (() => void)[] = [];
  #feed: Feed | undefined;
  #closed = false;

  constructor(connection: Connection, link: Link, options: ResolvedProducerOptions, hears: Hears) {
    this.#connection = connection;
    this.#link = link;
    this.#hears = hears;
    this.#contact = new Contact(link, options.commandTimeoutMs, hears.onBack);
    this.#places = new Places(options.maxWaiting);
    this.#lookout = new Lookout(link.client, () => !this.#contact.away);
  }

  /** Redis cannot be asked now. */
  get away(): boolean {
    return this.#contact.away;
  }

  of(queue: Queue): Lane {
    const known = this.#lanes.get(queue);
    if (known) return known;
    const { low, high } = queue.watermarks;
    const lane: Lane = {
      queue,
      backend: null,
      opening: null,
      line: this.line(),
      room: new Room(((low + high) / 2) * queue.capacity),
      jobOptions: jobOptions(queue, 0, 0),
      uniform: queue.uniformCost !== null,
    };
    this.#lanes.set(queue, lane);
    return lane;
  }

  all(): Iterable<Lane> {
    return this.#lanes.values();
  }

  /** A line whose waiters count with all the others. */
  line(): WaitingLine {
    return new WaitingLine(this.#places, () => this.#contact.away);
  }

  /** A queue that is connected, checked and registered. */
  async backend(queue: Queue, id: string): Promise<ProducerBackend> {
    const lane = this.of(queue);
    return lane.backend ?? (await this.open(lane, id, performance.now()));
  }

  /** The lane's way to Redis, when Redis is there. `since`: when whoever needs it began to wait. */
  async open(lane: Lane, id: string, since: number): Promise<ProducerBackend> {
    try {
      if (this.#link.started) await this.#contact.returned(id, since);
      return lane.backend ?? (await this.#contact.started(this.#opening(lane), id, since));
    } catch (error) {
      throw this.#closed ? closedError("producer") : enqueueFault(error, id);
    }
  }

  /** One question to Redis, to be asked as often as needed: always the same job, always the same nonce. */
  asking(lane: Lane, job: Wish, options: ResolvedEnqueueOptions): Ask {
    const { queue } = lane;
    const nonce = options.id === undefined ? "" : createId();
    const { priority, delayMs } = options;
    const plain = priority === 0 && delayMs === 0 && job.context === "";
    const opts = plain ? lane.jobOptions : jobOptions(queue, priority, delayMs, job.context);
    const more = moreOf(queue, options);
    // One async function around it all: each more cost an enqueue 2 % of its time.
    return async (slot) => {
      let { backend } = lane;
      let since: number | undefined;
      if (backend === null || this.#contact.away) {
        since = performance.now();
        backend = await this.open(lane, job.id, since);
      }
      const json = { id: job.encoded, name: queue.name, data: job.data, opts, timestamp: Date.now() };
      const admission = {
        id: job.encoded,
        nonce,
        cost: job.cost,
        more: more === null && slot === null ? null : { ...more?.(), slot: slot ?? undefined },
      };
      const admit = () =>
        this.#contact.answered((backend as ProducerBackend).admit(json as never, admission), job.id, since);
      lane.room.ask();
      let told: Accepted | Refusal | undefined;
      try {
        told = readAdmission(await admit(), job.id);
      } catch (error) {
        if (!isUnregistered(error)) throw this.#fault(lane, error, job.id);
        await this.#registerAgain([queue], job.id);
        told = readAdmission(await admit(), job.id);
      } finally {
        lane.room.answer(told);
      }
      return told;
    };
  }

  /** Asks anything else, in time; where somebody has emptied Redis, registers the queues again, once, and asks again. */
  async ask<T>(queues: Iterable<Queue>, id: string, question: () => Promise<T>): Promise<T> {
    const since = performance.now();
    try {
      await this.#contact.returned(id, since);
      return await this.#contact.answered(question(), id, since).catch(async (error: unknown) => {
        if (!isUnregistered(error)) throw error;
        await this.#registerAgain(queues, id);
        return this.#contact.answered(question(), id);
      });
    } catch (error) {
      throw enqueueFault(error, id);
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#lookout.close();
    for (const unfollow of this.#unfollow.splice(0)) unfollow();
    this.#contact.end(closedError("producer"));
    await this.#feed?.close();
  }

  #fault(lane: Lane, error: unknown, id: string): unknown {
    const fault = enqueueFault(error, id);
    if (isHeadgateError(fault) && fault.got === "oom") this.#lookout.full(lane);
    return fault;
  }

  /** Somebody emptied Redis. */
  async #registerAgain(queues: Iterable<Queue>, id: string): Promise<void> {
    this.#link.forget();
    for (const queue of queues) await this.#contact.started(this.#link.queue(queue), id, performance.now());
  }

  /** After a gap in the subscription: the lines look by themselves, and who listens is told what the levels are. */
  #catchUp(): void {
    this.#hears.onBack();
    for (const { queue, backend } of this.#lanes.values()) {
      if (backend === null) continue;
      readQueueStatus(this.#link.client, queue).then(
        ({ level, reason, version, since, reviewAt }) => {
          const change = { queue: queue.name, level, reason: reason ?? "", version, since, reviewAt };
          this.#feed?.note(queue.limiter.prefix, change);
        },
        // Away again: there will be another return.
        () => undefined,
      );
    }
  }

  #opening(lane: Lane): Promise<ProducerBackend> {
    lane.opening ??= this.#opened(lane).catch((error: unknown) => {
      lane.opening = null;
      throw error;
    });
    return lane.opening;
  }

  async #opened(lane: Lane): Promise<ProducerBackend> {
    const { queue } = lane;
    const { prefix } = queue.limiter;
    await this.#link.queue(queue);
    this.#feed ??= new Feed(
      openClient(this.#connection).on("error", () => undefined),
      this.#hears.onLevel,
      () => this.#catchUp(),
    );
    await this.#feed.follow(prefix);
    const backend = new ProducerBackend(this.#link.client, queue.bullmq.name, queue.bullmq.prefix);
    backend.on("error", this.#hears.onError);
    await backend.waitUntilReady();
    this.#unfollow.push(followRuns(prefix));
    this.#lookout.watch(lane);
    lane.backend = backend;
    return backend;
  }
}

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
