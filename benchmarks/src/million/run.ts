import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as after } from "node:timers/promises";
import { createProducer, type Producer } from "headgate/producer";
import { Redis } from "ioredis";
import { Child } from "../process/child.ts";
import { removeKeys } from "../redis/remove-keys.ts";
import { round } from "../statistics.ts";
import type { Produced, Way } from "./producer-process.ts";
import { CAPACITY, itemOf, queueIn } from "./queue.ts";
import type { Arrived } from "./worker-process.ts";

export interface MillionOptions {
  readonly connection: string;
  readonly items: number;
  readonly ways: readonly Way[];
  readonly json?: boolean;
}

export interface Summary {
  readonly way: Way;
  readonly items: number;
  readonly seconds: number;
  readonly perSecond: number;
  /** Resident memory of the producer's process (MiB): after the first 10,000 items, and by how much it grew at most. */
  readonly rssMiB: { readonly start: number; readonly grew: number };
  /** The deepest that the queue was seen, of `capacity`. */
  readonly depthMost: number;
  readonly capacity: number;
  readonly arrivedOnce: number;
  readonly arrivedMore: number;
}

const MIB = 1_048_576;
const LOOK_MS = 20;

/** Far more items than the queue holds, through one producer, to a worker that drains them. */
export async function runMillion({ connection, items, ways, json = false }: MillionOptions): Promise<Summary[]> {
  const say = json ? console.error : console.log;
  const folder = await mkdtemp(join(tmpdir(), "headgate-million-"));
  const file = join(folder, "items.ndjson");
  const summaries: Summary[] = [];
  try {
    if (ways.includes("pipeline")) await writeItems(file, items);
    for (const way of ways) {
      say(`million: ${items} items by ${way} into a capacity of ${CAPACITY}, Node ${process.version}`);
      const summary = await runOne(connection, way, items, file);
      summaries.push(summary);
      if (!json) console.log(JSON.stringify(summary, null, 2));
    }
  } finally {
    await rm(folder, { recursive: true });
  }
  if (json) console.log(JSON.stringify(summaries));
  return summaries;
}

async function runOne(connection: string, way: Way, items: number, file: string): Promise<Summary> {
  const namespace = `bench-${process.pid}-million-${way}`;
  const orders = { connection, namespace, items };
  const worker = new Child("worker", "million/worker-process", orders);
  const producing = new Child("producer", "million/producer-process", { ...orders, way, file });
  const looking = createProducer({ connection });
  const done = new AbortController();
  try {
    await worker.ask("start");
    const depthMost = deepest(looking, namespace, done.signal);
    const { seconds, rssStart, rssMost } = await producing.ask<Produced>("produce");
    await drained(looking, namespace);
    done.abort();
    const arrived = await worker.ask<Arrived>("arrived");
    return {
      way,
      items,
      seconds: round(seconds, 1),
      perSecond: round(items / seconds, 0),
      rssMiB: { start: round(rssStart / MIB, 1), grew: round((rssMost - rssStart) / MIB, 1) },
      depthMost: await depthMost,
      capacity: CAPACITY,
      arrivedOnce: arrived.once,
      arrivedMore: arrived.more,
    };
  } finally {
    done.abort();
    await Promise.all([worker.end(), producing.end(), looking.close()]);
    const redis = new Redis(connection);
    await removeKeys(redis, namespace);
    await redis.quit();
  }
}

async function deepest(producer: Producer, namespace: string, done: AbortSignal): Promise<number> {
  let most = 0;
  while (!done.aborted) {
    most = Math.max(most, (await producer.status(queueIn(namespace))).depth);
    await after(LOOK_MS, undefined, { signal: done }).catch(() => undefined);
  }
  return most;
}

async function drained(producer: Producer, namespace: string): Promise<void> {
  while ((await producer.status(queueIn(namespace))).depth > 0) await after(LOOK_MS);
}

async function writeItems(file: string, items: number): Promise<void> {
  const out = createWriteStream(file);
  for (let n = 0; n < items; n++) {
    if (!out.write(`${JSON.stringify(itemOf(n))}\n`)) await once(out, "drain");
  }
  out.end();
  await once(out, "close");
}
