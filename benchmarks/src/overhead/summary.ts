import { median, round } from "../statistics.ts";
import type { CpuTime } from "./cpu.ts";

export type Side = "headgate" | "bullmq";

/** One side of one pair: jobs per second, and the 99th percentile of one enqueue (ms). */
export interface Figures {
  readonly enqueue: number;
  readonly process: number;
  readonly p99: number;
  /** CPU time of one job. */
  readonly enqueueCpu: CpuTime;
  readonly processCpu: CpuTime;
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
  /** Node's and Redis' CPU time together. */
  readonly cpu: { readonly enqueueRatio: number; readonly processRatio: number };
}

/** A pair that lacks a side must not look like a good one. */
const NONE: Figures = {
  enqueue: Number.NaN,
  process: Number.NaN,
  p99: Number.NaN,
  enqueueCpu: { node: Number.NaN, redis: Number.NaN },
  processCpu: { node: Number.NaN, redis: Number.NaN },
};

/**
 * The two runs of a pair stand next to each other in time, so their ratio bears what the machine does besides; the ratio of
 * two medians would not.
 */
export function summarize({ headgate, bullmq }: Readonly<Record<Side, readonly Figures[]>>): Summary {
  const ratio = (of: (figures: Figures) => number): number =>
    round(median(bullmq.map((theirs, pair) => of(headgate[pair] ?? NONE) / of(theirs))), 3);
  const compared = (name: "enqueue" | "process"): Compared => ({
    ratio: ratio((figures) => figures[name]),
    headgate: Math.round(median(headgate.map((figures) => figures[name]))),
    bullmq: Math.round(median(bullmq.map((figures) => figures[name]))),
  });
  const total = ({ node, redis }: CpuTime): number => node + redis;
  return {
    enqueue: compared("enqueue"),
    process: compared("process"),
    p99: { enqueueRatio: ratio((figures) => figures.p99) },
    cpu: {
      enqueueRatio: ratio((figures) => total(figures.enqueueCpu)),
      processRatio: ratio((figures) => total(figures.processCpu)),
    },
  };
}
