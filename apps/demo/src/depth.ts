import { setTimeout as sleep } from "node:timers/promises";
import type { Redis } from "ioredis";
import type { Sections } from "./queue.ts";

const SAMPLE_EVERY_MS = 20;

/** BullMQ's own structures, read at one instant: jobs admitted and not finished, and jobs that failed. */
const COUNT = `
local depth = 0
for i = 1, 3 do depth = depth + redis.call("LLEN", KEYS[i]) end
for i = 4, 6 do depth = depth + redis.call("ZCARD", KEYS[i]) end
return { depth, redis.call("ZCARD", KEYS[7]) }`;
const LISTS = ["wait", "paused", "active"];
const SORTED = ["prioritized", "delayed", "waiting-children", "failed"];

/** Counts a queue's jobs past Headgate, straight in Redis, every 20 ms: what the bound is checked against. */
export class DepthWatch {
  readonly #redis: Redis;
  readonly #keys: readonly string[];
  depth = 0;
  maxDepth = 0;
  failed = 0;

  constructor(redis: Redis, queue: Sections) {
    this.#redis = redis;
    const { prefix, name } = queue.bullmq;
    this.#keys = [...LISTS, ...SORTED].map((state) => `${prefix}:${name}:${state}`);
  }

  async run(signal: AbortSignal): Promise<void> {
    for (;;) {
      await this.sample();
      await sleep(SAMPLE_EVERY_MS, undefined, { signal });
    }
  }

  async sample(): Promise<number> {
    const [depth, failed] = (await this.#redis.eval(COUNT, this.#keys.length, ...this.#keys)) as [number, number];
    this.depth = depth;
    this.failed = failed;
    this.maxDepth = Math.max(this.maxDepth, depth);
    return depth;
  }
}
