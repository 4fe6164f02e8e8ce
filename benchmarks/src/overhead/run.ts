import { Redis } from "ioredis";
import { median, round } from "../statistics.ts";
import { bullmq } from "./bullmq.ts";
import type { Contender } from "./contender.ts";
import { headgate, type LimiterKind } from "./headgate.ts";

export interface OverheadOptions {
  readonly connection: string;
  readonly pairs: number;
  readonly jobs: number;
  readonly limiter: LimiterKind;
  readonly json?: boolean;
}

interface Figures {
  readonly enqueue: number;
  readonly p99: number;
  readonly process: number;
}

type Side = "headgate" | "bullmq";

/** Enqueues and works off one fresh queue, and empties it again. */
async function measure(contender: Contender, jobs: number, cleaner: Redis, namespace: string): Promise<Figures> {
  globalThis.gc?.();
  const enqueued = await contender.enqueue(jobs);
  globalThis.gc?.();
  const process = await contender.process(jobs);
  await contender.close();
  for await (const keys of cleaner.scanStream({ match: `*${namespace}*`, count: 1_000 })) {
    if (keys.length > 0) await cleaner.unlink(...(keys as string[]));
  }
  return { enqueue: enqueued.perSecond, p99: enqueued.p99Ms, process };
}

/** Pairs of runs, the order within a pair alternating; the ratio of each pair is what counts, absolute times are not. */
export async function runOverhead({ connection, pairs, jobs, limiter, json }: OverheadOptions): Promise<void> {
  const cleaner = new Redis(connection);
  const results: Record<Side, Figures[]> = { headgate: [], bullmq: [] };
  const say = json ? console.error : console.log;
  say(`overhead: ${pairs} pairs of ${jobs} jobs, limiter ${limiter}`);
  for (let pair = -1; pair < pairs; pair++) {
    const order: Side[] = pair % 2 === 0 ? ["headgate", "bullmq"] : ["bullmq", "headgate"];
    for (const side of order) {
      const namespace = `bench-${process.pid}-${pair + 1}`;
      const contender = side === "headgate" ? headgate(connection, namespace, limiter) : bullmq(connection, namespace);
      // The pair before the first warms both sides up and is not counted.
      const figures = await measure(contender, pair < 0 ? Math.min(jobs, 5_000) : jobs, cleaner, namespace);
      if (pair < 0) continue;
      results[side].push(figures);
      say(`  ${String(pair + 1).padStart(2)} ${side.padEnd(8)} enqueue ${figures.enqueue.toFixed(0)}/s  p99 ${figures.p99.toFixed(1)} ms  process ${figures.process.toFixed(0)}/s`);
    }
  }
  await cleaner.quit();
  const summary = summarize(results);
  say(`enqueue ${summary.enqueue.ratio}  process ${summary.process.ratio}  p99 of enqueue ${summary.p99.enqueueRatio}   (Headgate / BullMQ, medians)`);
  if (json) console.log(JSON.stringify(summary));
}

const of = (figures: readonly Figures[], name: keyof Figures): number[] => figures.map((figure) => figure[name]);

/** Medians of the pairs' ratios, and of each side. */
export function summarize({ headgate: ours, bullmq: theirs }: Record<Side, readonly Figures[]>): Summary {
  const ratio = (name: keyof Figures): number =>
    round(median(ours.map((figures, pair) => figures[name] / (theirs[pair]?.[name] ?? Number.NaN))), 3);
  const side = (name: "enqueue" | "process") => ({
    ratio: ratio(name),
    headgate: Math.round(median(of(ours, name))),
    bullmq: Math.round(median(of(theirs, name))),
  });
  return { enqueue: side("enqueue"), process: side("process"), p99: { enqueueRatio: ratio("p99") } };
}

export interface Summary {
  readonly enqueue: { readonly ratio: number; readonly headgate: number; readonly bullmq: number };
  readonly process: { readonly ratio: number; readonly headgate: number; readonly bullmq: number };
  readonly p99: { readonly enqueueRatio: number };
}
