import { setTimeout as after } from "node:timers/promises";
import { Queue as BullQueue } from "bullmq";
import { createProducer, type Producer } from "headgate/producer";
import { createWorker } from "headgate/worker";
import { median, round } from "../statistics.ts";
import { defined } from "./queue.ts";

export interface Accuracy {
  /** How far `retryAfterMs` was off (share of the time until room appeared), in the median: of a refusal at once … */
  readonly refused: number;
  readonly refusals: number;
  /** … and of one who left the line, by when the one behind it was let in. */
  readonly left: number;
  readonly leavers: number;
}

const RATES = [20, 100, 400];
const CAPACITY = 400;
const ASK_EVERY_MS = 50;
const CYCLES = 3;
const IN_LINE = 150;

/** What refused callers are told of the time until there is room, against when there was. */
export async function retryAfterOf(connection: string, namespace: string): Promise<Accuracy> {
  const refused: number[] = [];
  const left: number[] = [];
  for (const rate of RATES) {
    // The slow one takes as long with less.
    const setting = { connection, namespace: `${namespace}-${rate}`, rate, capacity: Math.min(CAPACITY, rate * 4) };
    const { queue } = defined(setting);
    const producer = createProducer({ connection });
    const worker = createWorker(queue, () => null, { connection, concurrency: 20 });
    const { name, prefix } = queue.bullmq;
    const bull = new BullQueue(name, { connection: { url: connection } as never, prefix });
    const fill = async (): Promise<void> => {
      const { depth } = await producer.status(queue);
      const missing = Math.max(0, setting.capacity - depth);
      await bull.addBulk(Array.from({ length: missing }, () => ({ name, data: null })));
    };
    try {
      await producer.enqueue(queue, null);
      for (let cycle = 0; cycle < CYCLES; cycle++) {
        // Plain BullMQ is counted, and not held: so the queue is full at once, as after an outage.
        await fill();
        refused.push(...(await ask(producer, queue)));
      }
      await fill();
      left.push(...(await leave(producer, queue)));
    } finally {
      await bull.close();
      await worker.close();
      await producer.close();
    }
  }
  return {
    refused: round(median(refused), 3),
    refusals: refused.length,
    left: round(median(left), 3),
    leavers: left.length,
  };
}

const off = (told: number, real: number): number => Math.abs(told - real) / real;

/** Asks again and again until it is let in. */
async function ask(producer: Producer, queue: ReturnType<typeof defined>["queue"]): Promise<number[]> {
  const told: { readonly at: number; readonly retryAfterMs: number }[] = [];
  for (;;) {
    const result = await producer.enqueue(queue, null, { onPressure: "refuse" });
    const now = performance.now();
    // What is about to end says nothing: the next question is later than that.
    if (result.accepted || result.level !== "closed") {
      return told
        .filter(({ at }) => now - at > ASK_EVERY_MS * 4)
        .map(({ at, retryAfterMs }) => off(retryAfterMs, now - at));
    }
    told.push({ at: now, retryAfterMs: result.retryAfterMs });
    await after(ASK_EVERY_MS);
  }
}

/** Every second one in a line leaves after a time; the one behind it shows when it would have been let in. */
async function leave(producer: Producer, queue: ReturnType<typeof defined>["queue"]): Promise<number[]> {
  const results = await Promise.all(
    Array.from({ length: IN_LINE }, async (_, index) => {
      const result = await producer.enqueue(queue, null, index % 2 === 0 ? { timeout: 300 + index * 5 } : {});
      return { result, at: performance.now() };
    }),
  );
  return results.flatMap(({ result, at }, index) => {
    const behind = results[index + 1];
    if (index % 2 === 1 || result.accepted || behind === undefined || behind.at - at < ASK_EVERY_MS * 4) return [];
    return [off(result.retryAfterMs, behind.at - at)];
  });
}
