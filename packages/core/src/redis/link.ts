import { checkBullmq } from "../bullmq/contract.ts";
import type { Limiter } from "../define/limiter.ts";
import type { Queue } from "../define/queue.ts";
import { headgateError } from "../errors.ts";
import { reconnects } from "../observe/channels.ts";
import { addressOf, type Client, type Connection, closeClient, connected, openClient } from "./connection.ts";
import { refusalOf } from "./refusal.ts";
import { registerLimiter, registerQueue } from "./register.ts";
import { defineScripts } from "./scripts.ts";
import { checkServer, type Server } from "./server.ts";

/**
 * One part's link to Redis: its own connection, the start-up checks, the scripts, and the registration of what the part's
 * code defines. Every check happens before the first command of the part itself: fail at start, not at 3 a.m.
 */
export class Link {
  readonly client: Client;
  readonly #connectTimeoutMs: number | undefined;
  readonly #registered = new Map<string, Promise<void>>();
  #ready: Promise<Server> | undefined;
  #lastError = "";
  #started = false;

  constructor(connection: Connection, onError: (error: Error) => void, connectTimeoutMs?: number) {
    checkBullmq();
    this.client = openClient(connection);
    this.#connectTimeoutMs = connectTimeoutMs;
    // ioredis reports every failed reconnect: one report for each kind, until it is back.
    this.client.on("error", (error: Error & { code?: string }) => {
      const kind = error.code ?? error.message;
      if (kind === this.#lastError) return;
      this.#lastError = kind;
      onError(error);
    });
    this.client.on("ready", () => {
      this.#lastError = "";
    });
    this.client.on("reconnecting", () => {
      if (reconnects.isWatched) reconnects.tell(null);
    });
  }

  /** It was reached before: what fails now is an outage, no mistake. */
  get started(): boolean {
    return this.#started;
  }

  /** Pure: the error of a start that takes too long. */
  unreachable(details: Readonly<Record<string, unknown>>): Error {
    const got = `${addressOf(this.client)}: ${this.#lastError || "no answer"}`;
    return headgateError("HG_REDIS_UNREACHABLE", { got, details });
  }

  /** Connected, checked, scripts defined. A failed start is tried anew by the next call. */
  ready(): Promise<Server> {
    this.#ready ??= this.#start().catch((error: unknown) => {
      this.#ready = undefined;
      throw error;
    });
    return this.#ready;
  }

  async #start(): Promise<Server> {
    await connected(this.client, this.#connectTimeoutMs);
    const server = await checkServer(this.client).catch((error: unknown) => {
      throw refusalOf(error, addressOf(this.client)) ?? error;
    });
    defineScripts(this.client, server);
    this.#started = true;
    return server;
  }

  limiter(limiter: Limiter): Promise<void> {
    return this.#once(`limiter:${limiter.prefix}`, () => registerLimiter(this.client, limiter));
  }

  queue(queue: Queue): Promise<void> {
    return this.#once(`queue:${queue.bullmq.prefix}:${queue.name}`, () => registerQueue(this.client, queue));
  }

  /** After somebody emptied Redis: the next use registers again. */
  forget(): void {
    this.#registered.clear();
  }

  async close(): Promise<void> {
    await closeClient(this.client);
  }

  #once(key: string, register: () => Promise<void>): Promise<void> {
    const known = this.#registered.get(key);
    if (known) return known;
    const registering = this.ready()
      .then(register)
      .catch((error: unknown) => {
        this.#registered.delete(key);
        throw refusalOf(error, addressOf(this.client)) ?? error;
      });
    this.#registered.set(key, registering);
    return registering;
  }
}

export const closedError = (part: string): Error => headgateError("HG_CLOSED", { got: part });
