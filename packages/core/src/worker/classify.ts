import {
  classifyError as classifiedError,
  classifyResponse as classifiedResponse,
  type Hints,
  parseHints,
} from "@headgate/hints";
import { type KnownLimit, NO_LIMITS } from "../bullmq/ending.ts";
import { ownLimits } from "./known-limits.ts";

/** What an answer or an error says about the API's limit. */
export interface Verdict {
  readonly throttled: boolean;
  /** How long the API asks to be left alone (ms); 0 when it does not say. */
  readonly retryAfterMs: number;
  /** What the API says of its counters, on successes too. */
  readonly limits: readonly KnownLimit[];
}

const fine: Verdict = { throttled: false, retryAfterMs: 0, limits: NO_LIMITS };
const THROTTLED = Symbol.for("headgate.throttled");

/** An error that says "the API is at its limit"; made by `throttled()` and by `ctx.fetch`. */
export class ThrottledError extends Error {
  override readonly name = "ThrottledError";
  readonly retryAfterMs: number;

  constructor(retryAfterMs: number, message = "the API is at its limit") {
    super(message);
    this.retryAfterMs = retryAfterMs;
    Object.defineProperty(this, THROTTLED, { value: true });
  }
}

/**
 * `throw throttled()` in a processor: the job is put back, spends no attempt, and the fleet slows down.
 * @param hint.retryAfterMs how long the API asks to be left alone (ms); left out when it did not say
 */
export function throttled(hint: { readonly retryAfterMs?: number } = {}): ThrottledError {
  const { retryAfterMs = 0 } = hint;
  return new ThrottledError(Number.isFinite(retryAfterMs) && retryAfterMs > 0 ? retryAfterMs : 0);
}

/** 429 always; 503 and 529 (overload) only when it says for how long: without that they are plain failures. */
export const classifyResponse = (response: unknown, now: number): Verdict =>
  verdictOf(classifiedResponse(response, { now }));

/** By shape, never by `instanceof` or message: errors of fetch wrappers, HTTP clients, and the SDKs built on them. */
export function classifyError(error: unknown, now: number): Verdict {
  if (isObject(error) && error[THROTTLED] === true)
    return { throttled: true, retryAfterMs: Number(error["retryAfterMs"]) || 0, limits: NO_LIMITS };
  return verdictOf(classifiedError(error, { now }));
}

/** What `ctx.report` takes: a Response, anything with `status` and `headers`, headers alone, or an error. */
export function classifyReport(report: unknown, now: number): Verdict {
  if (!isObject(report)) return fine;
  if (report instanceof Error) return classifyError(report, now);
  if ("headers" in report || "status" in report || "statusCode" in report) return classifyError(report, now);
  // Headers alone carry no status: that the API is at its limit only a Retry-After says.
  const hints = parseHints(report, { now });
  const asked = hints.source === "retry-after" || hints.source === "retry-after-ms";
  return verdictOf({ throttled: asked, hint: hints });
}

function verdictOf({ throttled, hint }: { readonly throttled: boolean; readonly hint: Hints }): Verdict {
  const limits = ownLimits(hint);
  if (!throttled && limits.length === 0) return fine;
  return { throttled, retryAfterMs: throttled ? (hint.retryAfterMs ?? 0) : 0, limits };
}

const isObject = (value: unknown): value is Record<PropertyKey, unknown> => typeof value === "object" && value !== null;
