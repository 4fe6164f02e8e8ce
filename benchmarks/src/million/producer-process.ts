// Enqueues all items, one way or the other, and watches its own memory: nobody else's is in it.
import { createReadStream } from "node:fs";
import { pipeline } from "node:stream/promises";
import { createProducer } from "headgate/producer";
import { ordersOf, serve } from "../process/serve.ts";
import { type Item, itemOf, queueIn } from "./queue.ts";

export type Way = "enqueueMany" | "pipeline";

export interface Orders {
  readonly connection: string;
  readonly namespace: string;
  readonly way: Way;
  readonly items: number;
  /** For `pipeline`: an item a line. */
  readonly file: string;
}

export interface Produced {
  readonly seconds: number;
  /** Of the process, in bytes: after the first 10,000 items (or a tenth of them), and the most from then on. */
  readonly rssStart: number;
  readonly rssMost: number;
}

const SAMPLE_EVERY = 500;

const { connection, namespace, way, items, file } = ordersOf<Orders>();
const queue = queueIn(namespace);
const producer = createProducer({ connection });
const warm = Math.min(10_000, items / 10);
let read = 0;
let rssStart = 0;
let rssMost = 0;

function sample(): void {
  if (++read % SAMPLE_EVERY !== 0 || read < warm) return;
  const rss = process.memoryUsage.rss();
  rssStart ||= rss;
  rssMost = Math.max(rssMost, rss);
}

function* source(): Generator<Item> {
  for (let n = 0; n < items; n++) {
    sample();
    yield itemOf(n);
  }
}

async function* parse(chunks: AsyncIterable<string>): AsyncGenerator<Item> {
  let rest = "";
  for await (const chunk of chunks) {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) {
      sample();
      yield JSON.parse(line) as Item;
    }
  }
}

async function many(): Promise<void> {
  for await (const { accepted } of producer.enqueueMany(queue, source())) {
    if (!accepted) throw new Error("a job was refused");
  }
}

const piped = (): Promise<void> => pipeline(createReadStream(file, "utf8"), parse, producer.writable(queue));

serve({
  produce: async (): Promise<Produced> => {
    const start = performance.now();
    await (way === "enqueueMany" ? many() : piped());
    return { seconds: (performance.now() - start) / 1_000, rssStart, rssMost };
  },
});
