import { parseRetryAfter } from "./retry-after.ts";

/** What an answer or an error says about the API's limit. */
export interface Verdict {
  readonly throttled: boolean;
  /** 0 when it does not say. */
  readonly retryAfterMs: number;
}

const fine: Verdict = { throttled: false, retryAfterMs: 0 };
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

/** 429 always; 503 and 529 (overload) only with a Retry-After: without one they are plain failures. */
export function classifyResponse(
  status: number | undefined,
  header: (name: string) => string | null | undefined,
  now: number,
): Verdict {
  if (status !== 429 && status !== 503 && status !== 529) return fine;
  const retryAfterMs = parseRetryAfter(header("retry-after"), header("date"), now);
  if (status === 429) return { throttled: true, retryAfterMs: retryAfterMs ?? 0 };
  return retryAfterMs === null ? fine : { throttled: true, retryAfterMs };
}

/** By shape, never by `instanceof` or message: errors of fetch wrappers, axios, got, ky and the SDKs built on them. */
export function classifyError(error: unknown, now: number): Verdict {
  if (!isObject(error)) return fine;
  if (error[THROTTLED] === true) return { throttled: true, retryAfterMs: numberOf(error["retryAfterMs"]) ?? 0 };
  const response = isObject(error["response"]) ? error["response"] : {};
  const status =
    numberOf(error["status"]) ??
    numberOf(error["statusCode"]) ??
    numberOf(response["status"]) ??
    numberOf(response["statusCode"]) ??
    numberOf(error["code"]);
  return classifyResponse(status, headerOf(error["headers"] ?? response["headers"]), now);
}

/** What `ctx.report` takes: a Response, anything with `status` and `headers`, headers alone, or an error. */
export function classifyReport(report: unknown, now: number): Verdict {
  if (!isObject(report)) return fine;
  if (report instanceof Error) return classifyError(report, now);
  if ("headers" in report || "status" in report || "statusCode" in report) return classifyError(report, now);
  const retryAfterMs = parseRetryAfter(headerOf(report)("retry-after"), headerOf(report)("date"), now);
  return retryAfterMs === null ? fine : { throttled: true, retryAfterMs };
}

const isObject = (value: unknown): value is Record<PropertyKey, unknown> => typeof value === "object" && value !== null;
const numberOf = (value: unknown): number | undefined => (typeof value === "number" ? value : undefined);

/** Header access over a `Headers`, an axios-like object with `get`, or a plain object in any case. */
function headerOf(headers: unknown): (name: string) => string | null {
  if (!isObject(headers)) return () => null;
  if (typeof headers["get"] === "function") {
    const get = headers["get"].bind(headers) as (name: string) => unknown;
    return (name) => textOf(get(name));
  }
  const lower = new Map(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
  return (name) => textOf(lower.get(name));
}

const textOf = (value: unknown): string | null =>
  typeof value === "string" ? value : typeof value === "number" ? String(value) : null;
