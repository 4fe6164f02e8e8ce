import type { Account } from "./guard.ts";
import type { ApiReport, ProducerState } from "./messages.ts";
import type { Result } from "./results.ts";

/** What is known when the last job is done. */
export interface Outcome {
  readonly accepted: readonly string[];
  readonly failedIds: readonly string[];
  /** BullMQ's own count. */
  readonly failed: number;
  readonly results: readonly Result[];
  readonly api: ApiReport;
  /** What the API saw while there was always more to do: from its first call until the producer was stopped. */
  readonly whileBusy: Account;
  readonly producer: ProducerState;
  readonly capacity: number;
  readonly maxDepth: number;
  readonly deferred: number;
  /** From the first call to the last finished job. */
  readonly seconds: number;
  readonly file: string;
}

export interface Summary {
  /** Jobs that the queue accepted. */
  readonly enqueued: number;
  readonly completed: number;
  readonly failed: number;
  /** Accepted, and neither completed nor failed. */
  readonly lost: number;
  /** Done more often than once. */
  readonly duplicates: number;
  readonly calls: number;
  readonly throttled: number;
  /** Of the calls. */
  readonly throttledShare: number;
  readonly deferred: number;
  readonly capacity: number;
  readonly maxDepth: number;
  readonly producerWaitedMs: number;
  readonly producerLongestWaitMs: number;
  readonly levelChanges: number;
  /** Accepted calls over what the API would have accepted, from its first call until the producer was stopped. */
  readonly goodput: number;
  readonly goodputOver: { readonly seconds: number; readonly accepted: number; readonly offered: number };
  readonly seconds: number;
  readonly results: string;
  /** One of them. */
  readonly example: string;
}

const exampleOf = (results: readonly Result[]): string => {
  const { id, terms } = results[Math.floor(results.length / 2)] as Result;
  return `${id}: ${terms
    .slice(0, 5)
    .map(({ term }) => term)
    .join(", ")}`;
};

const round = (value: number, digits: number): number => Number(value.toFixed(digits));

export function summarize(outcome: Outcome): Summary {
  const { accepted, results, api, whileBusy, producer } = outcome;
  const done = new Set(results.map(({ id }) => id));
  const failed = new Set(outcome.failedIds);
  const { account } = api;
  const calls = account.accepted + account.throttled;
  return {
    enqueued: accepted.length,
    completed: done.size,
    failed: Math.max(outcome.failed, failed.size),
    lost: accepted.filter((id) => !done.has(id) && !failed.has(id)).length,
    // The results and the API's own count each see what the other may miss.
    duplicates: Math.max(results.length - done.size, api.repeated),
    calls,
    throttled: account.throttled,
    throttledShare: round(account.throttled / Math.max(1, calls), 4),
    deferred: outcome.deferred,
    capacity: outcome.capacity,
    maxDepth: outcome.maxDepth,
    producerWaitedMs: Math.round(producer.waitedMs),
    producerLongestWaitMs: Math.round(producer.longestWaitMs),
    levelChanges: producer.levelChanges,
    goodput: round(whileBusy.accepted / Math.max(1, whileBusy.offered), 4),
    goodputOver: {
      seconds: round(whileBusy.seconds, 2),
      accepted: whileBusy.accepted,
      offered: round(whileBusy.offered, 1),
    },
    seconds: round(outcome.seconds, 2),
    results: outcome.file,
    example: results.length > 0 ? exampleOf(results) : "",
  };
}

/** Nothing that was accepted is missing, nothing was done twice, and the queue was never longer than it may be. */
export const isClean = ({ lost, failed, duplicates, maxDepth, capacity }: Summary): boolean =>
  lost === 0 && failed === 0 && duplicates === 0 && maxDepth <= capacity;
