import type { Queue } from "../define/queue.ts";
import { type ErrorCode, errorTable, type HeadgateError, isHeadgateError } from "../errors.ts";
import type { Accepted, EnqueueResult } from "../producer/result.ts";
import { PROBLEM_MEDIA_TYPE, type Problem, plainProblem, quotaExceeded, reducedCapacity } from "./problem.ts";
import { rateLimitFields } from "./rate-limit-fields.ts";
import { retryAfterSeconds } from "./retry-after.ts";

/** What an HTTP server answers: `body` is to be sent as JSON, under the `content-type` that is among the headers. */
export interface HttpAnswer {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Accepted | Problem;
}

const details: Readonly<Record<string, string>> = {
  full: "The queue is full.",
  closed: "The API behind the queue cannot keep up; nothing is admitted.",
  paced: "The queue admits jobs at the rate at which the API behind it takes them.",
  memory: "The store of the queue is nearly full.",
  paused: "The queue was paused by an operator.",
  timeout: "There was no room in the time that the caller would wait.",
  shed: "Only more urgent jobs are admitted.",
  deadline: "The job would not run before its deadline.",
  local: "Too many callers wait already.",
};

/**
 * Of an enqueue's result: `202` when the job is in, `429` with `Retry-After` when it is not; `503` where memory is short, which
 * is no doing of the caller.
 */
export function answerResult(
  queue: Pick<Queue, "name" | "capacity" | "watermarks">,
  result: EnqueueResult,
): HttpAnswer {
  const fields = rateLimitFields(queue, result);
  if (result.accepted) return { status: 202, headers: { "content-type": "application/json", ...fields }, body: result };
  const { reason, retryAfterMs, depth, level } = result;
  const detail = details[reason] ?? "The queue does not admit the job.";
  const problem = reason === "memory" ? reducedCapacity : quotaExceeded(queue.name);
  return {
    status: problem.status,
    headers: { ...problemHeaders(retryAfterMs), ...fields },
    body: { ...problem, detail, reason, retryAfterMs, depth, level },
  };
}

/** When what is below is away nobody can say for how long; a client of ours is connected again at most 1 s after Redis' return. */
const AWAY_MS = 2_000;
/** Another process takes over from one that stops. */
const STOPPING_MS = 1_000;

interface Meaning {
  readonly status: number;
  /** Says what was wrong with what the caller sent, never a value: it is meant for him. */
  readonly shown?: true;
  readonly retryAfterMs?: number;
}

/** What is the caller's fault, and what passes by itself. Everything else that has a code is a fault of this service. */
const meanings: Readonly<Partial<Record<ErrorCode, Meaning>>> = {
  HG_ID_INVALID: { status: 400 },
  HG_PAYLOAD_INVALID: { status: 422, shown: true },
  HG_PAYLOAD_TOO_LARGE: { status: 413, shown: true },
  HG_COST_ABOVE_LIMIT: { status: 422, shown: true },
  HG_REDIS_UNAVAILABLE: { status: 503, retryAfterMs: AWAY_MS },
  HG_REDIS_UNREACHABLE: { status: 503, retryAfterMs: AWAY_MS },
  HG_CLOSED: { status: 503, retryAfterMs: STOPPING_MS },
};

/**
 * Of an error that Headgate threw: `400`, `413` or `422` for what the caller sent, `503` with `Retry-After` when Redis is away or
 * the producer is closing, else `500`. Null for an error that is not Headgate's: leave it to whoever handles the others.
 */
export function answerError(error: unknown): HttpAnswer | null {
  if (!isHeadgateError(error)) return null;
  const { status, shown, retryAfterMs } = meanings[error.code] ?? { status: 500 };
  return {
    status,
    headers: problemHeaders(retryAfterMs),
    body: {
      ...(status === 503 ? reducedCapacity : plainProblem(status)),
      // Any other message may hold an address or a name that is nobody's business outside.
      detail: shown ? error.message : `${errorTable[error.code].summary}.`,
      code: error.code,
      ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
      ...forRetry(error),
    },
  };
}

/** A problem that is neither of the two: `401`, `404`, `415` and the like, for servers that answer all of theirs alike. */
export const answerProblem = (status: number, detail: string, code?: ErrorCode): HttpAnswer => ({
  status,
  headers: problemHeaders(undefined),
  body: { ...plainProblem(status), detail, ...(code === undefined ? {} : { code }) },
});

/** With them the caller may send the same job again, whatever became of it. */
const forRetry = ({ id, outcome }: HeadgateError): Pick<Problem, "id" | "outcome"> => ({
  ...(id === undefined ? {} : { id }),
  ...(outcome === undefined ? {} : { outcome }),
});

const problemHeaders = (retryAfterMs: number | undefined): Record<string, string> => ({
  "content-type": PROBLEM_MEDIA_TYPE,
  ...(retryAfterMs === undefined ? {} : { "retry-after": String(retryAfterSeconds(retryAfterMs)) }),
});
