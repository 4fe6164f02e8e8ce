import { setTimeout as after } from "node:timers/promises";
import { defineLimiter, defineQueue } from "headgate";
import { createProducer, type Producer } from "headgate/producer";
import { Redis } from "ioredis";
import { Server } from "./server.ts";

export interface RestartsBenchOptions {
  readonly restarts: number;
  readonly json?: boolean;
}

export interface Outcome {
  readonly name: string;
  readonly restarts: number;
  readonly acknowledged: number;
  /** Of the acknowledged ones, not there at the end. */
  readonly lost: number;
  /** There more than once. */
  readonly twice: number;
  /** Enqueues that ended with an error, and were not retried. */
  readonly failed: number;
  /** … and were stored all the same, although their error did not leave that open. */
  readonly liedAbout: number;
  /** From the start of the new server to the next acknowledgement (ms): the longest. */
  readonly slowestReturnMs: number;
}

const CASES = [
  { name: "appendfsync always, killed", fsync: "always", power: false },
  { name: "appendfsync everysec, killed", fsync: "everysec", power: false },
  { name: "appendfsync everysec, last second lost", fsync: "everysec", power: true },
] as const;

const WAITERS = 6;
const REFUSERS = 2;
const PAYLOAD = "x".repeat(200);

/** Redis is killed again and again while producers enqueue: is everything there that was acknowledged? */
export async function runRestarts({ restarts, json = false }: RestartsBenchOptions): Promise<Outcome[]> {
  const say = json ? console.error : console.log;
  const outcomes: Outcome[] = [];
  for (const { name, fsync, power } of CASES) {
    const outcome = await once(name, fsync, power, restarts);
    say(JSON.stringify(outcome));
    outcomes.push(outcome);
  }
  if (json) console.log(JSON.stringify(outcomes));
  return outcomes;
}

class Ledger {
  readonly acknowledged: string[] = [];
  readonly failed: { readonly id: string; readonly outcome: string }[] = [];
  lastAt = 0;
  #ids = 0;

  async enqueueOn(producer: Producer, queue: ReturnType<typeof queueOf>, mode: "wait" | "refuse", end: AbortSignal) {
    while (!end.aborted) {
      const id = `job-${this.#ids++}`;
      try {
        const { accepted } = await producer.enqueue(queue, PAYLOAD, { id, onPressure: mode });
        if (!accepted) continue;
        this.acknowledged.push(id);
        this.lastAt = performance.now();
      } catch (error) {
        this.failed.push({ id, outcome: String((error as { readonly outcome?: string }).outcome) });
      }
    }
  }
}

const queueOf = () =>
  defineQueue<string>("jobs", { limiter: defineLimiter("api", { adaptive: false }), capacity: 10_000_000 });

async function once(name: string, fsync: "always" | "everysec", power: boolean, restarts: number): Promise<Outcome> {
  const server = await Server.start(fsync);
  const queue = queueOf();
  const producer = createProducer({ connection: server.url, commandTimeout: "1s" });
  const ledger = new Ledger();
  const end = new AbortController();
  try {
    await producer.ready();
    const loops = [
      ...Array.from({ length: WAITERS }, () => ledger.enqueueOn(producer, queue, "wait", end.signal)),
      ...Array.from({ length: REFUSERS }, () => ledger.enqueueOn(producer, queue, "refuse", end.signal)),
    ];
    let slowestReturnMs = 0;
    for (let turn = 0; turn < restarts; turn++) {
      // A power cut takes a second: leave something before it.
      await after((power ? 1_200 : 300) + Math.random() * 500);
      await server.kill(power);
      await after(Math.random() * 400);
      await server.restart();
      const up = performance.now();
      while (ledger.lastAt < up) await after(5);
      slowestReturnMs = Math.max(slowestReturnMs, ledger.lastAt - up);
    }
    end.abort();
    await Promise.all(loops);
    const stored = await storedIn(server.url, queue.bullmq);
    const all = new Set(stored);
    return {
      name,
      restarts,
      acknowledged: ledger.acknowledged.length,
      lost: ledger.acknowledged.filter((id) => !all.has(id)).length,
      twice: stored.length - all.size,
      failed: ledger.failed.length,
      liedAbout: ledger.failed.filter(({ id, outcome }) => outcome === "not-sent" && all.has(id)).length,
      slowestReturnMs: Math.round(slowestReturnMs),
    };
  } finally {
    end.abort();
    await producer.close();
    await server.end();
  }
}

/** Ids as they were given: Headgate puts a mark before them. */
async function storedIn(
  url: string,
  { name, prefix }: { readonly name: string; readonly prefix: string },
): Promise<string[]> {
  const redis = new Redis(url);
  const ids = await redis.lrange(`${prefix}:${name}:wait`, 0, -1);
  await redis.quit();
  return ids.map((id) => id.replace(/^~/, ""));
}
