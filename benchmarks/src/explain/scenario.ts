import type { LimiterOptions } from "headgate";
import type { WaitCause } from "headgate/control";

/** One of the limiter's queues, and the jobs that stand in it when its workers start. */
export interface Line {
  readonly jobs: number;
  /** Of each job, by its place; default: one request. */
  readonly cost?: (place: number) => Readonly<Record<string, number>>;
  /** 1 is the most urgent; default: in the order in which they came. */
  readonly priority?: (place: number) => number | undefined;
  readonly delayMs?: (place: number) => number;
  /** Its workers start only when so many jobs of the first queue have started; default: with them. */
  readonly joinsAfter?: number;
}

/** A queue in a state in which jobs wait; what `explain` says of some of them is held against when they start. */
export interface Scenario {
  readonly name: string;
  /** Adaptive only where it says so. */
  readonly limiter: LimiterOptions;
  /** The first is the one that is asked about. */
  readonly lines: readonly [Line, ...Line[]];
  readonly runMs: number;
  /** Jobs at once in each queue's worker. */
  readonly hands: number;
  /** Jobs to explain, by their place. */
  readonly asked: readonly number[];
  /** Asked when so many runs of the first queue have started: what only shows while the queue runs. */
  readonly after: number;
  /** What holds the last of them longest. */
  readonly first: WaitCause;
  /** Shuts the gate for so long before the workers start. */
  readonly gateMs?: number;
  /** What the API lets through per second; without it, everything. */
  readonly accepts?: number;
  /** How a job's first run ends; default well. */
  readonly ending?: (place: number) => "ok" | "fails" | "throttled";
}

/** How long a job that failed is put back for, and one that the API throttled. */
export const BACKOFF_MS = 1_500;
export const RETRY_AFTER_MS = 1_200;
