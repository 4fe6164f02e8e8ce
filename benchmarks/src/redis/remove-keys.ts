import type { Redis } from "ioredis";

/** Everything that one run has stored; a queue's keys have its namespace before a colon or a brace. */
export async function removeKeys(redis: Redis, namespace: string): Promise<void> {
  for await (const keys of redis.scanStream({ match: `*${namespace}:*`, count: 1_000 })) {
    if (keys.length > 0) await redis.unlink(...(keys as string[]));
  }
}
