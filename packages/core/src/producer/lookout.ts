import type { Queue } from "../define/queue.ts";
import type { Client } from "../redis/connection.ts";
import { limiterKey, queueBase } from "../redis/keys.ts";
import { runScript } from "../redis/scripts.ts";
import type { Room } from "./room.ts";

/** How often a queue is looked at while jobs are admitted to it (ms). */
const LOOK_MS = 1_000;

interface Watched {
  readonly queue: Queue;
  readonly room: Room;
}

/**
 * Looks at what an open door does not: how full Redis is (lua/commands/review.lua). Once a second for each queue that this
 * producer has put jobs into meanwhile; one that only waits asks nothing.
 */
export class Lookout {
  readonly #client: Client;
  readonly #canAsk: () => boolean;
  readonly #watched = new Set<Watched>();
  readonly #looking = new Set<Watched>();
  #timer: NodeJS.Timeout | undefined;

  constructor(client: Client, canAsk: () => boolean) {
    this.#client = client;
    this.#canAsk = canAsk;
  }

  watch(watched: Watched): void {
    this.#watched.add(watched);
    this.#timer ??= setInterval(() => this.#tick(), LOOK_MS).unref();
  }

  /** Now: Redis has just refused a job of the queue for full memory. */
  full(watched: Watched): void {
    this.#look(watched, "1");
  }

  close(): void {
    clearInterval(this.#timer);
  }

  #look(watched: Watched, full: "" | "1"): void {
    if (this.#looking.has(watched) || !this.#canAsk()) return;
    this.#looking.add(watched);
    const { prefix } = watched.queue.limiter;
    // Best effort: whoever enqueues meets the same trouble, and reports it.
    runScript(this.#client, "review", [limiterKey(prefix), queueBase(prefix, watched.queue.name), full, ""])
      .catch(() => undefined)
      .finally(() => this.#looking.delete(watched));
  }

  #tick(): void {
    for (const watched of this.#watched) if (watched.room.takeAdmitted() > 0) this.#look(watched, "");
  }
}
