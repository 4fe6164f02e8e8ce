import type { Job } from "bullmq";
import { decodeId } from "../define/id.ts";
import type { Permit } from "../bullmq/ending.ts";
import { classifyReport, classifyResponse, ThrottledError, type Verdict } from "./classify.ts";

export interface JobInfo {
  readonly id: string;
  readonly queue: string;
  /** Counts from 1; a deferral does not count. */
  readonly attempt: number;
  /** How often the API's limit has put this job back. */
  readonly deferrals: number;
  /** Epoch ms. */
  readonly enqueuedAt: number;
}

export interface FetchInit extends RequestInit {
  /** `false`: return a 429 instead of throwing; the fleet hears it either way. Default true. */
  readonly throwOnThrottle?: boolean;
}

export interface JobContext {
  readonly job: JobInfo;
  /** Aborted on timeout, on a lost lock, and when a drain runs out of time. */
  readonly signal: AbortSignal;
  /** Appends a line to the job's log (BullMQ keeps it; Bull Board shows it). */
  log(line: string): Promise<void>;
  /** Global `fetch` with the run's signal. 429, and 503/529 with Retry-After, throw: the job is deferred. */
  fetch(input: string | URL | Request, init?: FetchInit): Promise<Response>;
  /** Tells the limiter what another client heard: a response, its headers, or an error. */
  report(heard: unknown): void;
  /** The real cost by unit, as absolute totals; the last call wins. `{ requests: 0 }`: the API was never reached. */
  settle(spent: Readonly<Record<string, number>>): void;
  progress(value: number | object): Promise<void>;
}

/** What a run has said about the API so far. */
export class Heard {
  #verdict: Verdict = { throttled: false, retryAfterMs: 0 };
  #spent: Readonly<Record<string, number>> | null = null;

  get verdict(): Verdict {
    return this.#verdict;
  }

  get spent(): Readonly<Record<string, number>> | null {
    return this.#spent;
  }

  hear(verdict: Verdict): void {
    if (!verdict.throttled) return;
    this.#verdict = { throttled: true, retryAfterMs: Math.max(this.#verdict.retryAfterMs, verdict.retryAfterMs) };
  }

  settle(spent: Readonly<Record<string, number>>): void {
    for (const [unit, amount] of Object.entries(spent)) {
      if (!Number.isFinite(amount) || amount < 0) {
        throw new TypeError(`settle: expected a finite number >= 0 for "${unit}", got ${String(amount)}`);
      }
    }
    // Whole numbers: the buckets' bound rests on them (lua/lib/bucket.lua).
    this.#spent = Object.fromEntries(Object.entries(spent).map(([unit, amount]) => [unit, Math.ceil(amount)]));
  }
}

export function createContext(job: Job, queue: string, permit: Permit | undefined, signal: AbortSignal, heard: Heard): JobContext {
  return {
    job: Object.freeze({
      id: decodeId(job.id ?? ""),
      queue,
      attempt: job.attemptsMade + 1,
      deferrals: permit?.deferrals ?? 0,
      enqueuedAt: job.timestamp,
    }),
    signal,
    log: async (line) => {
      await job.log(line);
    },
    fetch: async (input, { throwOnThrottle = true, ...init } = {}) => {
      const signals = [signal, init.signal].filter((one) => one !== null && one !== undefined);
      const response = await fetch(input, { ...init, signal: AbortSignal.any(signals) });
      const verdict = classifyResponse(response.status, (name) => response.headers.get(name), Date.now());
      heard.hear(verdict);
      if (verdict.throttled && throwOnThrottle) {
        // The body is not wanted: let the connection go back to its pool.
        await response.body?.cancel();
        throw new ThrottledError(verdict.retryAfterMs, `HTTP ${response.status}`);
      }
      return response;
    },
    report: (what) => heard.hear(classifyReport(what, Date.now())),
    settle: (spent) => heard.settle(spent),
    progress: (value) => job.updateProgress(value as object),
  };
}
