import type { MinimalJob } from "bullmq";
import type { Redis } from "ioredis";
import type { Ending } from "../../src/bullmq/ending.ts";
import { ProducerBackend } from "../../src/bullmq/producer-backend.ts";
import { WorkerBackend } from "../../src/bullmq/worker-backend.ts";
import { encodeId } from "../../src/define/id.ts";
import type { Queue } from "../../src/define/queue.ts";
import { limiterKey, queueBase } from "../../src/redis/keys.ts";
import { registerQueue } from "../../src/redis/register.ts";
import { runScript } from "../../src/redis/scripts.ts";
import type { Space } from "../support/redis.ts";
import { type Args, type Wire, wireOf } from "./wire.ts";

class WiredWorkerBackend extends WorkerBackend {
  readonly #wire: Wire;

  constructor(client: Redis, queue: Queue, slots: number, wire: Wire) {
    super(
      client,
      queue.bullmq.name,
      { prefix: queue.bullmq.prefix, lockDuration: 15_000, connection: client as never },
      () => slots,
      queue.limiter.name,
      () => undefined,
    );
    this.#wire = wire;
  }

  override execCommand(client: unknown, commandName: string, args: Args): unknown {
    return super.execCommand(this.#wire.run(client, commandName), commandName, args);
  }
}

class WiredProducerBackend extends ProducerBackend {
  readonly #wire: Wire;

  constructor(client: Redis, queue: Queue, wire: Wire) {
    super(client, queue.bullmq.name, queue.bullmq.prefix);
    this.#wire = wire;
  }

  override execCommand(client: unknown, commandName: string, args: Args): unknown {
    return super.execCommand(this.#wire.run(client, commandName), commandName, args);
  }
}

export interface Taken {
  readonly id: string;
  readonly token: string;
  /** "probe,number,granted at (us),rate (thousandths),reserved cost"; lua/lib/permit.lua. */
  readonly permit: string;
  readonly fields: ReadonlyMap<string, string>;
}

export type Fetched =
  | { readonly job: Taken; readonly waitMs: 0; readonly until: 0 }
  | { readonly job: null; readonly waitMs: number; readonly until: number };

export type Admitted =
  | { readonly accepted: true; readonly duplicate: boolean; readonly depth: number }
  | { readonly accepted: false; readonly reason: string; readonly depth: number };

export interface AddOptions {
  readonly cost?: Readonly<Record<string, number>>;
  readonly priority?: number;
  readonly delay?: number;
  readonly nonce?: string;
}

const ok: Ending = { outcome: "ok", retryAfterMs: 0, spent: null };

/** The real scripts through the real backends, one worker on one queue, in virtual time, without BullMQ's worker loop. */
export class Driver {
  readonly queue: Queue;
  readonly wire: Wire;
  readonly base: string;
  readonly backend: WiredWorkerBackend;
  readonly #producer: WiredProducerBackend;
  readonly #client: Redis;
  #tokens = 0;
  #nonces = 0;

  private constructor(client: Redis, queue: Queue, wire: Wire, slots: number) {
    this.queue = queue;
    this.wire = wire;
    this.base = queueBase(queue.limiter.prefix, queue.name);
    this.#client = client;
    this.backend = new WiredWorkerBackend(client, queue, slots, wire);
    this.#producer = new WiredProducerBackend(client, queue, wire);
  }

  static async open(space: Space, queue: Queue, options: { wire?: Wire; slots?: number } = {}): Promise<Driver> {
    await registerQueue(space.client, queue);
    const wire = options.wire ?? (await wireOf(space));
    const driver = space.use(new Driver(space.client, queue, wire, options.slots ?? 100));
    await Promise.all([driver.backend.waitUntilReady(), driver.#producer.waitUntilReady()]);
    return driver;
  }

  async add(id: string, { cost, priority, delay, nonce }: AddOptions = {}): Promise<Admitted> {
    const encoded = encodeId(id);
    const opts = { ...(priority ? { priority } : {}), ...(delay ? { delay } : {}) };
    const job = { id: encoded, name: this.queue.name, data: "{}", opts, timestamp: Math.floor(this.wire.now) };
    const reply = (await this.#producer.admit(job as never, {
      id: encoded,
      nonce: nonce ?? `${id}#${this.#nonces++}`,
      cost: cost ? JSON.stringify({ requests: 1, ...cost }) : "",
      more: null,
    })) as [number, ...unknown[]];
    return reply[0] === 1
      ? { accepted: true, duplicate: reply[1] === 1, depth: Number(reply[2]) }
      : { accepted: false, reason: String(reply[1]), depth: Number(reply[2]) };
  }

  /** Asks for the next job as BullMQ's worker does. */
  async fetch(token = `t${this.#tokens++}`): Promise<Fetched> {
    await this.backend.moveToActive(token);
    return this.#read(token);
  }

  /** The last raw reply of a composed command. */
  get reply(): unknown {
    return this.wire.replies.at(-1);
  }

  async complete({ id, token }: Taken, ending: Ending = ok, fetchNext = false): Promise<Fetched> {
    const encoded = encodeId(id);
    this.backend.conclude(token, ending);
    await this.backend.moveToCompleted({ id: encoded, opts: {} } as MinimalJob, null, false, token, fetchNext);
    return this.#read(token);
  }

  /** A run that came to a 429: hears it, and puts the job back. */
  async defer({ id, token }: Taken, retryAfterMs = 0, fetchNext = false): Promise<Fetched> {
    const encoded = encodeId(id);
    this.backend.conclude(token, { outcome: "throttled", retryAfterMs, spent: null });
    await this.backend.defer(encoded, token, fetchNext, "throttled");
    return this.#read(token);
  }

  async counts(): Promise<Record<"wait" | "active" | "prioritized" | "delayed" | "completed" | "failed", number>> {
    const { base } = this;
    const [wait, active, prioritized, delayed, completed, failed] = await Promise.all([
      this.#client.llen(`${base}wait`),
      this.#client.llen(`${base}active`),
      this.#client.zcard(`${base}prioritized`),
      this.#client.zcard(`${base}delayed`),
      this.#client.zcard(`${base}completed`),
      this.#client.zcard(`${base}failed`),
    ]);
    return { wait, active, prioritized, delayed, completed, failed };
  }

  async field(id: string, name: string): Promise<string | null> {
    return this.#client.hget(this.base + encodeId(id), name);
  }

  /** What `control.status(limiter)` reads, at virtual now. */
  async limiter(): Promise<LimiterView> {
    const { prefix } = this.queue.limiter;
    return JSON.parse(
      String(await runScript(this.#client, "inspect", [limiterKey(prefix), prefix, "", this.wire.now])),
    );
  }

  async level(): Promise<{ level: string; reason: string; version: number; retryAfter: number; reviewAt: number }> {
    const { prefix } = this.queue.limiter;
    return JSON.parse(
      String(await runScript(this.#client, "inspect", [limiterKey(prefix), prefix, this.queue.name, this.wire.now])),
    );
  }

  async control(action: string, value: string | number = "", queue = ""): Promise<unknown> {
    const { prefix } = this.queue.limiter;
    return runScript(this.#client, "control", [
      limiterKey(prefix),
      prefix,
      action,
      queue,
      value,
      "test",
      this.wire.now,
    ]);
  }

  async close(): Promise<void> {
    await Promise.all([this.backend.close(), this.#producer.close()]);
  }

  #read(token: string): Fetched {
    const { reply } = this;
    if (!Array.isArray(reply)) return { job: null, waitMs: 0, until: 0 };
    if (!Array.isArray(reply[0])) return { job: null, waitMs: Number(reply[2]), until: Number(reply[3]) };
    const flat = reply[0] as string[];
    const fields = new Map<string, string>();
    for (let index = 0; index < flat.length; index += 2) fields.set(flat[index] as string, flat[index + 1] as string);
    const id = decodeURIComponent(String(reply[1]).slice(1));
    return { job: { id, token, permit: String(reply[4]), fields }, waitMs: 0, until: 0 };
  }
}

export interface LimiterView {
  readonly gateUntil: number;
  readonly half: boolean;
  readonly inFlight: number;
  readonly rate?: number;
  readonly phase: string;
  /** Outcomes per second, over the last 10 s. */
  readonly accepted: number;
  readonly throttled: number;
  readonly limits?: readonly { unit: string; remaining: number; burst: number }[];
  readonly totals: Readonly<Record<"granted" | "ok" | "throttled" | "failed" | "released", number>>;
  readonly disagreement?: string;
}

/** The job that a fetch must have brought. */
export function taken(fetched: Fetched): Taken {
  if (!fetched.job) throw new Error(`expected a job, got a wait of ${fetched.waitMs} ms until ${fetched.until}`);
  return fetched.job;
}
