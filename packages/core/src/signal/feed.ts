import { z } from "zod";
import { type Client, closeClient } from "../redis/connection.ts";
import { feedChannel } from "../redis/keys.ts";

export interface LevelChange {
  readonly queue: string;
  readonly level: "open" | "slow" | "closed";
  readonly reason: string;
  readonly version: number;
  /** Epoch ms on Redis' clock. */
  readonly since: number;
  /** When a closed level is looked at again at the latest: epoch ms on Redis' clock; null at other levels. */
  readonly reviewAt: number | null;
}

const message = z.object({
  type: z.literal("level"),
  queue: z.string(),
  level: z.enum(["open", "slow", "closed"]),
  reason: z.string(),
  version: z.number(),
  since: z.number(),
  // Processes of an earlier version do not say it.
  reviewAt: z.number().default(0),
});

/**
 * One subscription for a process' producers. The newest version of a queue's level wins; after a gap (a lost connection)
 * everybody is told to look again, because what was published meanwhile is gone.
 */
export class Feed {
  readonly #client: Client;
  readonly #versions = new Map<string, number>();
  readonly #channels = new Map<string, Promise<unknown>>();
  readonly #onLevel: (prefix: string, change: LevelChange) => void;
  #subscribed = false;

  constructor(client: Client, onLevel: (prefix: string, change: LevelChange) => void, onGap: () => void) {
    this.#client = client;
    this.#onLevel = onLevel;
    client.on("message", (channel: string, text: string) => this.#take(channel, text));
    client.on("ready", () => {
      if (this.#subscribed) onGap();
    });
  }

  async follow(prefix: string): Promise<void> {
    const channel = feedChannel(prefix);
    let subscribing = this.#channels.get(channel);
    if (!subscribing) {
      subscribing = this.#client.subscribe(channel);
      this.#channels.set(channel, subscribing);
      subscribing.catch(() => this.#channels.delete(channel));
    }
    await subscribing;
    this.#subscribed = true;
  }

  close(): Promise<void> {
    return closeClient(this.#client);
  }

  #take(channel: string, text: string): void {
    const change = read(text);
    if (change) this.note(channel.slice(0, -":@feed".length), change);
  }

  /** A level that was read instead of heard; an older one than is known changes nothing. */
  note(prefix: string, change: LevelChange): void {
    const key = `${prefix} ${change.queue}`;
    if (change.version <= (this.#versions.get(key) ?? -1)) return;
    this.#versions.set(key, change.version);
    this.#onLevel(prefix, change);
  }
}

function read(text: string): LevelChange | null {
  try {
    const { type: _, reviewAt, ...change } = message.parse(JSON.parse(text));
    return { ...change, reviewAt: reviewAt > 0 ? reviewAt : null };
  } catch {
    // Somebody else's message on our channel is nobody's business here.
    return null;
  }
}
