import { createHash } from "node:crypto";
import type { Limiter } from "./limiter.ts";
import type { Queue } from "./queue.ts";

/** What a process registers in Redis about a definition; lua/lib/config.lua and lua/lib/level.lua read it. */
export interface Registration {
  readonly json: string;
  /** SHA-1 of the JSON: equal definitions are equal everywhere. */
  readonly hash: string;
}

const register = (definition: Readonly<Record<string, unknown>>): Registration => {
  // cjson would read null as a value: what is not set is left out.
  const set = Object.entries(definition).filter(([, value]) => value !== null);
  const json = JSON.stringify(Object.fromEntries(set));
  return { json, hash: createHash("sha1").update(json).digest("hex") };
};

export const limiterDefinition = ({ limits, concurrency, adaptive, pacedFromStart }: Limiter): Registration =>
  register({ limits, concurrency, adaptive, pacedFromStart });

export const queueDefinition = (queue: Queue): Registration =>
  register({
    capacity: queue.capacity,
    low: queue.watermarks.low,
    high: queue.watermarks.high,
    maxWait: queue.maxWaitMs,
    throttledHigh: queue.throttledHigh,
    throttledLow: queue.throttledLow,
    cost: queue.uniformCost,
    shed: queue.shed,
    memoryHigh: queue.memoryHigh,
  });
