import { defineLimiter, defineQueue, type Queue } from "headgate";
import { createControl } from "headgate/control";
import { createProducer } from "headgate/producer";
import { createWorker } from "headgate/worker";
import { Redis } from "ioredis";
import { until } from "../chaos/fleet.ts";
import { ownRedis } from "../chaos/own-redis.ts";

const JOBS = 20_000;
const QUEUES = 60;
const AT_ONCE = 1_000;
/** As JSON, with its quotes. */
const PAYLOAD = "x".repeat(100);
const PAYLOAD_BYTES = 102;

export interface Sizes {
  /** Bytes beside the payload. */
  readonly waitingJob: number;
  readonly delayedJob: number;
  readonly finishedJob: number;
  /** Bytes of a queue with one job, on a limiter of its own and on a shared one. */
  readonly queueAndLimiter: number;
  readonly queue: number;
  readonly eventStream: number;
  readonly connections: { readonly producer: number; readonly awaitedQueue: number; readonly worker: number };
}

const queueOf = (name: string, limiter: string): Queue<string, string> =>
  defineQueue<string>(name, {
    limiter: defineLimiter(limiter, { adaptive: false }),
    capacity: 1_000_000,
    retention: { completed: { count: 1_000_000 } },
  });

/** What Redis needs for what, on a server of its own. */
export async function runSizes({ json = false }: { readonly json?: boolean }): Promise<Sizes> {
  const server = await ownRedis({});
  const redis = new Redis(server.url);
  try {
    const sizes = await measure(server.url, redis);
    if (json) console.log(JSON.stringify(sizes));
    else console.table(sizes);
    return sizes;
  } finally {
    redis.disconnect();
    await server.stop();
  }
}

async function measure(url: string, redis: Redis): Promise<Sizes> {
  const used = async (): Promise<number> => Number(/used_memory:(\d+)/.exec(await redis.info("memory"))?.[1]);
  /** Bytes that each of so many takes. */
  const each = async (count: number, work: () => Promise<void>): Promise<number> => {
    const before = await used();
    await work();
    return Math.round(((await used()) - before) / count);
  };
  const connections = async (): Promise<number> =>
    String(await redis.client("LIST"))
      .trim()
      .split("\n").length;
  await redis.ping();
  const others = await connections();
  const producer = createProducer({ connection: url });
  const fill = async (queue: Queue<string, string>, delay?: "1h"): Promise<void> => {
    for (let from = 0; from < JOBS; from += AT_ONCE) {
      const options = (index: number) => ({ id: `order-${from + index}`, ...(delay ? { delay } : {}) });
      await Promise.all(
        Array.from({ length: AT_ONCE }, (_, index) => producer.enqueue(queue, PAYLOAD, options(index))),
      );
    }
  };
  // The scripts are loaded, and the first connections are there.
  await producer.enqueue(queueOf("first", "first"), PAYLOAD);
  const producerConnections = (await connections()) - others;

  const queueAndLimiter = await each(QUEUES, async () => {
    for (let at = 0; at < QUEUES; at++) await producer.enqueue(queueOf(`own-${at}`, `own-${at}`), PAYLOAD);
  });
  const queue = await each(QUEUES, async () => {
    for (let at = 0; at < QUEUES; at++) await producer.enqueue(queueOf(`shared-${at}`, "shared"), PAYLOAD);
  });
  const delayed = await each(JOBS, () => fill(queueOf("delayed", "delayed"), "1h"));
  const big = queueOf("big", "big");
  const waiting = await each(JOBS, () => fill(big));
  const control = createControl({ connection: url });
  await control.ready();
  const before = await connections();
  const worker = createWorker(big, async () => ({ ok: true }), { connection: url, concurrency: 50 });
  await worker.ready();
  const workerConnections = (await connections()) - before;
  const change = await each(JOBS, async () => {
    await until(async () => (await control.status(big)).counts.completed === JOBS);
  });
  const eventStream = Number(await redis.memory("USAGE", "{headgate:big}:big:events", "SAMPLES", 0));
  const unawaited = await connections();
  await producer.result(big, "order-1");
  const awaitedQueue = (await connections()) - unawaited;
  await Promise.all([worker.close(), control.close(), producer.close()]);
  return {
    waitingJob: waiting - PAYLOAD_BYTES,
    delayedJob: delayed - PAYLOAD_BYTES,
    finishedJob: waiting + change - PAYLOAD_BYTES,
    queueAndLimiter,
    queue,
    eventStream,
    connections: { producer: producerConnections, awaitedQueue, worker: workerConnections },
  };
}
