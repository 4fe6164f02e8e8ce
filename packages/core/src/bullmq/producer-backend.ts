import {
  createIORedisClient,
  type JobJson,
  QueueKeys,
  type QueueOptions,
  RedisConnection,
  RedisQueueBackend,
} from "bullmq";
import type { Client } from "../redis/connection.ts";
import { composedName } from "./compose.ts";

export interface Admission {
  /** Encoded job id. */
  readonly id: string;
  /** Stays the same when an enqueue is sent twice; "" where the id was made for this enqueue: it does as well. */
  readonly nonce: string;
  /** JSON, or "" where all jobs of the queue cost the same. */
  readonly cost: string;
  /** What few enqueues have to say; null for the others. */
  readonly more: {
    /** Set for one that waits: a paced slot may be reserved, and this is one that was (ms, 0: none). */
    readonly slot?: number | undefined;
    /** Where the queue sheds, and with a deadline; 0: none. */
    readonly priority?: number | undefined;
    /** Until the deadline (ms). */
    readonly left?: number | undefined;
  } | null;
}

type Args = (string | number | boolean | Buffer | undefined)[];

/** BullMQ's way of storing a job, with admission in the same script. */
export class ProducerBackend extends RedisQueueBackend {
  readonly #redis: ReturnType<typeof createIORedisClient>;
  #admission: Admission | null = null;

  constructor(client: Client, name: string, prefix: string) {
    const keys = new QueueKeys(prefix);
    const options: QueueOptions = { prefix, connection: client as never };
    super(
      new RedisConnection(client, { shared: true, blocking: false }),
      name,
      keys.getKeys(name),
      (type) => keys.toKey(name, type),
      options,
    );
    this.#redis = createIORedisClient(client as never);
  }

  /** Asks for admission. BullMQ picks the add command and its arguments; it calls `execCommand` before it first awaits. */
  admit(job: JobJson, admission: Admission): Promise<unknown> {
    this.#admission = admission;
    const reply = this.addJobToTransaction(this.#redis as never, job, admission.id);
    this.#admission = null;
    return reply;
  }

  override execCommand(client: unknown, commandName: string, args: Args): unknown {
    const admission = this.#admission;
    const name = commandName.startsWith("add") ? composedName(commandName) : null;
    if (admission === null || name === null) return super.execCommand(client as never, commandName, args);
    const { id, nonce, cost, more } = admission;
    args.push(id, nonce, cost, more === null ? "" : JSON.stringify(more));
    return (client as { runCommand(name: string, args: Args): Promise<unknown> }).runCommand(name, args);
  }
}
