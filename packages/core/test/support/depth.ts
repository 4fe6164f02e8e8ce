import { Redis } from "ioredis";
import type { Queue } from "../../src/define/queue.ts";

/** The depth of DESIGN.md section 2 at one moment, from BullMQ's own structures and nothing of Headgate's. */
const DEPTH = `
local sum = 0
for _, list in ipairs({ "wait", "paused", "active" }) do sum = sum + redis.call("LLEN", KEYS[1] .. list) end
for _, set in ipairs({ "prioritized", "delayed", "waiting-children" }) do sum = sum + redis.call("ZCARD", KEYS[1] .. set) end
return sum`;

export const baseOf = ({ bullmq }: Queue): string => `${bullmq.prefix}:${bullmq.name}:`;

export const depthOf = async (client: Redis, queue: Queue): Promise<number> =>
  Number(await client.eval(DEPTH, 1, baseOf(queue)));

export interface Samples {
  readonly count: number;
  readonly most: number;
  readonly perSecond: number;
}

/** Reads on the way at once: Redis answers one after the other, and is never without one. */
const LANES = 8;

/** Reads a queue's depth over and over until it is stopped. */
export class DepthSampler {
  readonly #client: Redis;
  readonly #sampling: Promise<void>;
  readonly #started: number = performance.now();
  #stopped = false;
  #count = 0;
  #most = 0;

  constructor(url: string, queue: Queue) {
    this.#client = new Redis(url);
    this.#sampling = this.#sample(baseOf(queue));
  }

  async stop(): Promise<Samples> {
    this.#stopped = true;
    await this.#sampling;
    this.#client.disconnect();
    const seconds = (performance.now() - this.#started) / 1_000;
    return { count: this.#count, most: this.#most, perSecond: Math.round(this.#count / seconds) };
  }

  async #sample(base: string): Promise<void> {
    const sha = String(await this.#client.script("LOAD", DEPTH));
    const lane = async (): Promise<void> => {
      while (!this.#stopped) {
        this.#most = Math.max(this.#most, Number(await this.#client.evalsha(sha, 1, base)));
        this.#count++;
      }
    };
    await Promise.all(Array.from({ length: LANES }, lane));
  }
}
