import { Queue as BullQueue, Job, QueueEvents } from "bullmq";
import { parseDuration } from "../define/duration.ts";
import { encodeId } from "../define/id.ts";
import type { Queue } from "../define/queue.ts";
import { headgateError } from "../errors.ts";
import { type Client, type Connection, closeClient, openClient } from "../redis/connection.ts";

/** The longest wait for a result when none is given (ms). */
const RESULT_TIMEOUT_MS = 30_000;

interface Listener {
  readonly client: Client;
  readonly queue: BullQueue;
  readonly events: QueueEvents;
}

/** Waits for what jobs return, over BullMQ's event stream; one listener a queue, opened when first needed. */
export class Results {
  readonly #connection: Connection;
  readonly #listeners = new Map<Queue, Promise<Listener>>();

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  async of(queue: Queue, id: string, options: { readonly timeout?: number | string }): Promise<unknown> {
    const timeoutMs = options.timeout === undefined ? RESULT_TIMEOUT_MS : parseDuration(options.timeout as never);
    const listener = await this.#listen(queue);
    const job = await Job.fromId(listener.queue, encodeId(id));
    if (!job) throw headgateError("HG_JOB_NOT_FOUND", { got: id });
    try {
      return await job.waitUntilFinished(listener.events, timeoutMs);
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      if (message.includes("timed out before finishing")) {
        throw headgateError("HG_RESULT_TIMEOUT", {
          expected: `an end of job ${id} within ${timeoutMs} ms`,
          cause: error,
        });
      }
      throw headgateError("HG_JOB_FAILED", { got: message, cause: error });
    }
  }

  async close(): Promise<void> {
    const listeners = await Promise.allSettled(this.#listeners.values());
    for (const listener of listeners) {
      if (listener.status === "rejected") continue;
      const { client, events, queue } = listener.value;
      await events.close();
      await queue.close();
      await closeClient(client);
    }
  }

  #listen(queue: Queue): Promise<Listener> {
    let listener = this.#listeners.get(queue);
    if (!listener) {
      listener = this.#open(queue);
      this.#listeners.set(queue, listener);
      listener.catch(() => this.#listeners.delete(queue));
    }
    return listener;
  }

  async #open(queue: Queue): Promise<Listener> {
    const client = openClient(this.#connection);
    client.on("error", () => undefined);
    const { name, prefix } = queue.bullmq;
    const events = new QueueEvents(name, { connection: client as never, prefix });
    const bull = new BullQueue(name, { connection: client as never, prefix });
    // Without this, 17 of 60 waits missed their event.
    await events.waitUntilReady();
    return { client, events, queue: bull };
  }
}
