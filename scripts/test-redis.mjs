import { provideRedis } from "./redis.mjs";

/** Vitest's globalSetup: one Redis for the run. The workers are started later and inherit REDIS_URL. No Redis: failure. */
export async function setup() {
  const redis = await provideRedis();
  process.env.REDIS_URL = redis.url;
  return redis.stop;
}
