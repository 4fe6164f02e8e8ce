import type { Redis } from "ioredis";

const AT_ONCE = 1_000;

/** Jobs that were acknowledged and are nowhere: every job is kept until the end, whatever became of it. */
export async function lostOf(redis: Redis, base: string, acknowledged: ReadonlySet<string>): Promise<number> {
  const ids = [...acknowledged];
  let found = 0;
  for (let from = 0; from < ids.length; from += AT_ONCE) {
    const some = ids.slice(from, from + AT_ONCE);
    found += await redis.exists(...some.map((id) => base + id));
  }
  return ids.length - found;
}
