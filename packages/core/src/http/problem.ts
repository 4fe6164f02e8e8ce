import type { ErrorCode } from "../errors.ts";
import type { Level } from "../producer/result.ts";

/** Where the problem types of draft-ietf-httpapi-ratelimit-headers-11 are registered. */
const REGISTRY = "https://iana.org/assignments/http-problem-types";

/** A problem that is no more than its status (RFC 9457, 4.2.1); `code` tells one from another. */
const PLAIN = "about:blank";

/** Problem details (RFC 9457), sent as `application/problem+json`. Fields below `detail` are extensions of ours. */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  /** The queue that refused; the draft's extension of the types above. */
  readonly "violated-policies"?: readonly string[];
  /** Of a refusal: as `enqueue` answers it. */
  readonly reason?: string;
  readonly retryAfterMs?: number;
  readonly depth?: number;
  readonly level?: Level;
  /** Of an error: docs/errors.md. */
  readonly code?: ErrorCode;
  /** Of an enqueue that failed: with this id a retry is safe. */
  readonly id?: string;
  /** … and whether the job may have been stored. */
  readonly outcome?: "unknown" | "not-sent";
}

export const PROBLEM_MEDIA_TYPE = "application/problem+json";

/** Phrases of RFC 9110 for the statuses that are answered here. */
const phrases: Readonly<Record<number, string>> = {
  400: "Bad Request",
  401: "Unauthorized",
  404: "Not Found",
  405: "Method Not Allowed",
  413: "Content Too Large",
  415: "Unsupported Media Type",
  421: "Misdirected Request",
  422: "Unprocessable Content",
  429: "Too Many Requests",
  500: "Internal Server Error",
  503: "Service Unavailable",
};

export const quotaExceeded = (queue: string): Pick<Problem, "type" | "title" | "status" | "violated-policies"> => ({
  type: `${REGISTRY}#quota-exceeded`,
  title: "Quota Exceeded",
  status: 429,
  "violated-policies": [queue],
});

/** No queue is named: no policy of one was violated, what is below it is away or full. */
export const reducedCapacity: Pick<Problem, "type" | "title" | "status"> = Object.freeze({
  type: `${REGISTRY}#temporary-reduced-capacity`,
  title: "Temporary Reduced Capacity",
  status: 503,
});

export const plainProblem = (status: number): Pick<Problem, "type" | "title" | "status"> => ({
  type: PLAIN,
  title: phrases[status] ?? "Error",
  status,
});
