import type { Provider } from "@headgate/hints";
import type { Job } from "bullmq";
import { type Ending, type KnownLimit, NO_LIMITS, type Permit } from "../bullmq/ending.ts";
import { decodeId } from "../define/id.ts";
import { type RequestSeen, requests, signals } from "../observe/channels.ts";
import { bodyText, tellsInBody } from "./answer.ts";
import { type ChildResult, childrenOf } from "./children.ts";
import { classifyReport, classifyResponse, fine, ThrottledError, type Verdict } from "./classify.ts";
import { agedLimits, newestLimits } from "./known-limits.ts";
import { failureOutcome, requestOutcome } from "./request-outcome.ts";
import type { Run } from "./run.ts";

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
  /** Of a flow: what became of the jobs that had to end before this one. */
  children(): Promise<readonly ChildResult[]>;
}

/** What a run has said about the API so far. */
export class Heard {
  readonly #limiter: string;
  #verdict: Verdict = fine;
  #spent: Readonly<Record<string, number>> | null = null;
  /** Of the newest counters: when the call was sent, and when they were told (performance.now()). */
  #askedAt = 0;
  #toldAt = 0;

  constructor(limiter: string) {
    this.#limiter = limiter;
  }

  get verdict(): Verdict {
    return this.#verdict;
  }

  get spent(): Readonly<Record<string, number>> | null {
    return this.#spent;
  }

  /** How the permit ends, where `end` is what became of the run itself. */
  ending(end: "ok" | "failed"): Ending {
    const { throttled, retryAfterMs, terminal, limits } = this.#verdict;
    const reached = this.#spent?.["requests"] !== 0;
    const outcome = throttled ? "throttled" : reached ? end : "released";
    if (limits.length === 0) return { outcome, retryAfterMs, terminal, spent: this.#spent };
    const now = performance.now();
    return {
      outcome,
      retryAfterMs,
      terminal,
      spent: this.#spent,
      limits: agedLimits(limits, now - this.#toldAt),
      limitsAgeMs: now - this.#askedAt,
    };
  }

  /** `askedAt`: when the call was sent, where that is known (performance.now()). */
  hear(verdict: Verdict, askedAt?: number): void {
    const known = this.#verdict;
    const limits = this.#newest(verdict, askedAt);
    if (!verdict.throttled) {
      if (limits !== known.limits) this.#verdict = { ...known, limits };
      return;
    }
    const { source = "default", scope = "unknown" } = verdict;
    this.#verdict = {
      ...verdict,
      retryAfterMs: Math.max(known.retryAfterMs, verdict.retryAfterMs),
      terminal: known.terminal || verdict.terminal,
      limits,
    };
    if (signals.isWatched) signals.tell({ limiter: this.#limiter, source, scope, delayMs: verdict.retryAfterMs });
  }

  #newest({ limits }: Verdict, askedAt?: number): readonly KnownLimit[] {
    const known = this.#verdict.limits;
    if (limits.length === 0) return known;
    const now = performance.now();
    const older = agedLimits(known, now - this.#toldAt);
    this.#toldAt = now;
    this.#askedAt = askedAt ?? now;
    return newestLimits(older, limits);
  }

  /** What a processor let out. What `ctx.fetch` threw has been told of already. */
  hearThrown(verdict: Verdict): void {
    const { throttled, retryAfterMs, terminal } = this.#verdict;
    if (throttled && retryAfterMs >= verdict.retryAfterMs && (terminal || !verdict.terminal)) {
      this.hear({ ...fine, limits: verdict.limits });
      return;
    }
    if (verdict.throttled && !throttled) this.called(failureOutcome(verdict), null);
    this.hear(verdict);
  }

  called(outcome: RequestSeen["outcome"], durationMs: number | null): void {
    if (requests.isWatched) requests.tell({ limiter: this.#limiter, outcome, durationMs });
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

/** What a run has to know of its queue. */
export interface Calls {
  readonly name: string;
  readonly limiter: { readonly provider: Provider | null };
}

/** Made for every run, so its parts are made only when they are used. */
class RunContext implements JobContext {
  readonly #job: Job;
  readonly #queue: Calls;
  readonly #permit: Permit | undefined;
  readonly #run: Run;
  readonly #heard: Heard;
  #info: JobInfo | undefined;

  constructor(job: Job, queue: Calls, permit: Permit | undefined, run: Run, heard: Heard) {
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
    this.children = this.children.bind(this);
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
    const aborts = [this.signal, init.signal].filter((one) => one !== null && one !== undefined);
    const from = performance.now();
    const response = await fetch(input, { ...init, signal: AbortSignal.any(aborts) }).catch((error: unknown) => {
      this.#heard.called(requestOutcome(error), performance.now() - from);
      throw error;
    });
    const tookMs = performance.now() - from;
    const { provider } = this.#queue.limiter;
    const verdict = tellsInBody(response, provider)
      ? classifyResponse(await withBody(response), provider)
      : classifyResponse(response, provider);
    this.#heard.called(failureOutcome(verdict, response.status), tookMs);
    this.#heard.hear(verdict, from);
    if (verdict.throttled && throwOnThrottle) {
      // The body is not wanted: let the connection go back to its pool.
      await response.body?.cancel();
      throw new ThrottledError(verdict.retryAfterMs, `HTTP ${response.status}`, { ...verdict, limits: NO_LIMITS });
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

  children(): Promise<readonly ChildResult[]> {
    return childrenOf(this.#job);
  }
}

export const createContext = (job: Job, queue: Calls, permit: Permit | undefined, run: Run, heard: Heard): JobContext =>
  new RunContext(job, queue, permit, run, heard);

/** The caller gets the answer itself, its body unread. */
async function withBody(response: Response): Promise<{ status: number; headers: Headers; body: string | undefined }> {
  return { status: response.status, headers: response.headers, body: await bodyText(response.clone()) };
}
