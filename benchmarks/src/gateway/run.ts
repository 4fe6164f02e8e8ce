import { randomUUID } from "node:crypto";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { setInterval as ticks } from "node:timers/promises";
import { createWorker } from "headgate/worker";
import { Redis } from "ioredis";
import { Caller, type Reply } from "./caller.ts";
import { startGateway } from "./program.ts";
import { queueIn, RATE } from "./queue.ts";
import { type Summary, summarize } from "./summary.ts";

export interface GatewayBenchOptions {
  readonly connection: string;
  readonly seconds: number;
  readonly json?: boolean;
}

const OVERLOAD = 10;
const POLITE = 5;
/** Not counted: a new process is slower until its code is compiled, and what piles up meanwhile has to go, too. */
const WARM_SECONDS = 10;
const TICK_MS = 20;
/** How often our own event loop is looked at. */
const LOOP_MS = 1;

/** Callers that send ten times what the queue's API takes, whatever they are told, and beside them some that obey. */
export async function runGateway({ connection, seconds, json = false }: GatewayBenchOptions): Promise<Summary> {
  const say = json ? console.error : console.log;
  const namespace = `bench-${process.pid}-gateway`;
  const token = randomUUID();
  const gateway = await startGateway(connection, namespace, token);
  const worker = createWorker(queueIn(namespace), async () => null, { connection, concurrency: 10 });
  const caller = new Caller(gateway.url, token);
  const time = new AbortController();
  const delay = monitorEventLoopDelay({ resolution: LOOP_MS });
  say(`gateway: ${seconds} s of ${OVERLOAD * RATE} jobs/s at a queue that takes ${RATE}/s, Node ${process.version}`);
  try {
    const rss: number[] = [];
    const tries: number[] = [];
    const polite = Array.from({ length: POLITE }, (_, index) =>
      obedient(caller, `polite-${index}`, tries, time.signal),
    );
    await Promise.all(await offer(caller, WARM_SECONDS, async () => undefined));
    await gateway.look(true);
    delay.enable();
    const replies = await offer(caller, seconds, async (passedMs) => {
      if (rss.length < passedMs / 500) rss.push((await gateway.look()).rss);
    });
    const answered = await Promise.all(replies);
    delay.disable();
    const callers = delay.max / 1e6 - LOOP_MS;
    time.abort();
    await Promise.all(polite);
    const summary = summarize(seconds, answered, tries, rss, await gateway.look(), callers);
    if (json) console.log(JSON.stringify(summary));
    else console.log(JSON.stringify(summary, null, 2));
    return summary;
  } finally {
    time.abort();
    caller.close();
    await worker.close();
    await gateway.stop();
    await removeKeys(connection, namespace);
  }
}

/** Ten times the rate, whatever is answered, for so long. */
async function offer(
  caller: Caller,
  seconds: number,
  onTick: (passedMs: number) => Promise<void>,
): Promise<Promise<Reply>[]> {
  const replies: Promise<Reply>[] = [];
  const start = performance.now();
  for await (const _ of ticks(TICK_MS)) {
    const passedMs = performance.now() - start;
    if (passedMs >= seconds * 1_000) break;
    // By the clock, so that a late tick loses nothing.
    while (replies.length < (passedMs / 1_000) * OVERLOAD * RATE) replies.push(caller.post('{"rude":true}'));
    await onTick(passedMs);
  }
  return replies;
}

async function obedient(caller: Caller, name: string, tries: number[], signal: AbortSignal): Promise<void> {
  for (let count = 0; !signal.aborted; count++) {
    const needed = await caller.obey(`${name}-${count}`, signal);
    if (needed !== null) tries.push(needed);
  }
}

async function removeKeys(connection: string, namespace: string): Promise<void> {
  const client = new Redis(connection);
  for await (const keys of client.scanStream({ match: `*${namespace}:*`, count: 1_000 })) {
    if (keys.length > 0) await client.unlink(...(keys as string[]));
  }
  await client.quit();
}
