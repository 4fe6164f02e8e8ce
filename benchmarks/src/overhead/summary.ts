import { median, round } from "../statistics.ts";

export type Side = "headgate" | "bullmq";

/** One side of one pair: jobs per second, and the 99th percentile of one enqueue (ms). */
export interface Figures {
  readonly enqueue: number;
  readonly process: number;
  readonly p99: number;
}

interface Compared {
  /** Headgate over BullMQ: the median of the pairs' ratios. */
  readonly ratio: number;
  /** Medians, jobs per second. */
  readonly headgate: number;
  readonly bullmq: number;
}

export interface Summary {
  readonly enqueue: Compared;
  readonly process: Compared;
  readonly p99: { readonly enqueueRatio: number };
}

/**
 * The two runs of a pair stand next to each other in time, so their ratio bears what the machine does besides; the ratio of
 * two medians would not.
 */
export function summarize(results: Readonly<Record<Side, readonly Figures[]>>): Summary {
  const ratio = (name: keyof Figures): number =>
    round(median(results.headgate.map((figures, pair) => figures[name] / (results.bullmq[pair]?.[name] ?? Number.NaN))), 3);
  const compared = (name: "enqueue" | "process"): Compared => ({
    ratio: ratio(name),
    headgate: Math.round(median(results.headgate.map((figures) => figures[name]))),
    bullmq: Math.round(median(results.bullmq.map((figures) => figures[name]))),
  });
  return { enqueue: compared("enqueue"), process: compared("process"), p99: { enqueueRatio: ratio("p99") } };
}
