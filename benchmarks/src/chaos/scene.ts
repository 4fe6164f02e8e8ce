import type { Queue } from "headgate";
import { type Control, createControl, type QueueStatus } from "headgate/control";
import { createProducer, type Producer } from "headgate/producer";
import { Redis } from "ioredis";
import { removeKeys } from "../redis/remove-keys.ts";
import { type Call, chaosQueue } from "./queue.ts";

/** What an experiment sees of Redis: a namespace of its own. */
export interface Scene {
  readonly redisUrl: string;
  readonly namespace: string;
  readonly queue: Queue<Call>;
  readonly producer: Producer;
  readonly control: Control;
  readonly redis: Redis;
}

export async function withScene<T>(redisUrl: string, run: (scene: Scene) => Promise<T>, limited = true): Promise<T> {
  const namespace = `chaos-${process.pid}-${Date.now()}`;
  const redis = new Redis(redisUrl, { maxRetriesPerRequest: null, retryStrategy: () => 20 });
  const producer = createProducer({ connection: redisUrl, commandTimeout: "30s" });
  const control = createControl({ connection: redisUrl });
  for (const part of [redis, control]) part.on("error", () => undefined);
  try {
    return await run({ redisUrl, namespace, queue: chaosQueue(namespace, limited), producer, control, redis });
  } finally {
    await Promise.all([producer.close(), control.close()]);
    await removeKeys(redis, namespace).catch(() => undefined);
    redis.disconnect();
  }
}

export async function enqueue({ producer, queue }: Scene, from: number, count: number, ms: number): Promise<string[]> {
  const ids = Array.from({ length: count }, (_, index) => `${from + index}`);
  await Promise.all(ids.map((id) => producer.enqueue(queue, { ms }, { id })));
  return ids;
}

export const countsOf = async ({ control, queue }: Scene): Promise<QueueStatus["counts"]> =>
  (await control.status(queue)).counts;
