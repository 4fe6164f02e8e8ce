import type { Redis } from "ioredis";

const PER_SCAN = 1000;

/** Removes what one run left in Redis, found by the namespace that only this run has. */
export async function forget(redis: Redis, namespace: string): Promise<void> {
  for (const pattern of [`{${namespace}:*`, `${namespace}:*`]) {
    for await (const keys of redis.scanStream({ match: pattern, count: PER_SCAN })) {
      if (keys.length > 0) await redis.unlink(keys as string[]);
    }
  }
}
