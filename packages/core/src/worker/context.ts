import type { Job } from "bullmq";
import { type Ending, type KnownLimit, NO_LIMITS, type Permit } from "../bullmq/ending.ts";
import { decodeId } from "../define/id.ts";
import type { Queue } from "../define/queue.ts";
import { bodyText, tellsInBody } from "./answer.ts";
import { classifyReport, classifyResponse, ThrottledError, type Verdict } from "./classify.ts";
import { newestLimits } from "./known-limits.ts";
import type { Run } from "./run-job.ts";

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
  /**
   * Global `fetch` with the run's signal. 429, and 503/529 with Retry-After, throw: the job is deferred. What an answer says of
   * limits reaches the limiter on success too; of the answers that refuse, the body is read for it (64 KiB at most).
   */
  fetch(input: string | URL | Request, init?: FetchInit): Promise<Response>;
  /** Tells the limiter what another client heard: a response, its headers, or an error. */
  report(heard: unknown): void;
  /** The real cost by unit, as absolute totals; the last call wins. `{ requests: 0 }`: the API was never reached. */
  settle(spent: Readonly<Record<string, number>>): void;
  progress(value: number | object): Promise<void>;
}

/** What a run has said about the API so far. */
export class Heard {
  #throttled = false;
  #retryAfterMs = 0;
  #terminal = false;
  #limits: readonly KnownLimit[] = NO_LIMITS;
  #spent: Readonly<Record<string, number>> | null = null;

  /** How the permit ends, where `end` is what became of the run itself. */
  ending(end: "ok" | "failed"): Ending {
    const reached = this.#spent?.["requests"] !== 0;
    return {
      outcome: this.#throttled ? "throttled" : reached ? end : "released",
      retryAfterMs: this.#retryAfterMs,
      terminal: this.#terminal,
      spent: this.#spent,
      limits: this.#limits,
    };
  }

  hear({ throttled, retryAfterMs, terminal, limits }: Verdict): void {
    this.#limits = newestLimits(this.#limits, limits);
    if (!throttled) return;
    this.#throttled = true;
    this.#terminal ||= terminal;
    this.#retryAfterMs = Math.max(this.#retryAfterMs, retryAfterMs);
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

/** Made for every run, so its parts are made only when they are used. */
class RunContext implements JobContext {
  readonly #job: Job;
  readonly #queue: Pick<Queue, "name" | "limiter">;
  readonly #permit: Permit | undefined;
  readonly #run: Run;
  readonly #heard: Heard;
  #info: JobInfo | undefined;

  constructor(job: Job, queue: Pick<Queue, "name" | "limiter">, permit: Permit | undefined, run: Run, heard: Heard) {
    this.#job = job;
    this.#queue = queue;
    this.#permit = permit;
    this.#run = run;
    this.#heard = heard;
    // Processors take them apart: `({ docId }, { fetch, settle }) => …`
    this.fetch = this.fetch.bind(this);
    this.report = this.report.bind(this);
    this.settle = this.settle.bind(this);
    this.log = this.log.bind(this);
    this.progress = this.progress.bind(this);
  }

  get job(): JobInfo {
    this.#info ??= Object.freeze({
      id: decodeId(this.#job.id ?? ""),
      queue: this.#queue.name,
      attempt: this.#job.attemptsMade + 1,
      deferrals: this.#permit?.deferrals ?? 0,
      enqueuedAt: this.#job.timestamp,
    });
    return this.#info;
  }

  get signal(): AbortSignal {
    return this.#run.signal;
  }

  async log(line: string): Promise<void> {
    await this.#job.log(line);
  }

  async fetch(input: string | URL | Request, { throwOnThrottle = true, ...init }: FetchInit = {}): Promise<Response> {
    const signals = [this.signal, init.signal].filter((one) => one !== null && one !== undefined);
    const response = await fetch(input, { ...init, signal: AbortSignal.any(signals) });
    const { provider } = this.#queue.limiter;
    const verdict = tellsInBody(response, provider)
      ? classifyResponse(await withBody(response), provider)
      : classifyResponse(response, provider);
    this.#heard.hear(verdict);
    if (verdict.throttled && throwOnThrottle) {
      // The body is not wanted: let the connection go back to its pool.
      await response.body?.cancel();
      throw new ThrottledError(verdict.retryAfterMs, `HTTP ${response.status}`, verdict.terminal);
    }
    return response;
  }

  report(what: unknown): void {
    this.#heard.hear(classifyReport(what, this.#queue.limiter.provider));
  }

  settle(spent: Readonly<Record<string, number>>): void {
    this.#heard.settle(spent);
  }

  progress(value: number | object): Promise<void> {
    return this.#job.updateProgress(value as object);
  }
}

export const createContext = (
  job: Job,
  queue: Pick<Queue, "name" | "limiter">,
  permit: Permit | undefined,
  run: Run,
  heard: Heard,
): JobContext => new RunContext(job, queue, permit, run, heard);

/** The caller gets the answer itself, its body unread. */
async function withBody(response: Response): Promise<{ status: number; headers: Headers; body: string | undefined }> {
  return { status: response.status, headers: response.headers, body: await bodyText(response.clone()) };
}
