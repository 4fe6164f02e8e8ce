import type { Redis } from "ioredis";

export async function versionOf(redis: Redis): Promise<string> {
  return /^redis_version:(\S+)/m.exec(await redis.info("server"))?.[1] ?? "?";
}
