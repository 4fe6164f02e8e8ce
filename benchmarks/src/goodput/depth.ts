import type { Redis } from "ioredis";

/** Jobs in BullMQ's queue that have not ended. */
export async function depthOf(redis: Redis, base: string): Promise<number> {
  const counts = await Promise.all([
    redis.llen(`${base}wait`),
    redis.llen(`${base}paused`),
    redis.llen(`${base}active`),
    redis.zcard(`${base}prioritized`),
    redis.zcard(`${base}delayed`),
  ]);
  return counts.reduce((sum, count) => sum + count, 0);
}

const EVERY_MS = 250;

/** Looks at a queue's depth again and again, until it is stopped. */
export class DepthWatch {
  readonly #redis: Redis;
  readonly #base: string;
  readonly #timer: NodeJS.Timeout;
  #most = 0;

  constructor(redis: Redis, base: string) {
    this.#redis = redis;
    this.#base = base;
    this.#timer = setInterval(() => {
      depthOf(redis, base).then(
        (depth) => this.#note(depth),
        () => undefined,
      );
    }, EVERY_MS);
  }

  async stop(): Promise<number> {
    clearInterval(this.#timer);
    this.#note(await depthOf(this.#redis, this.#base));
    return this.#most;
  }

  #note(depth: number): void {
    this.#most = Math.max(this.#most, depth);
  }
}
