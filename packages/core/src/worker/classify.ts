import {
  type Classified,
  classifyError as classifiedError,
  classifyResponse as classifiedResponse,
  type Hints,
  parseHints,
} from "@headgate/hints";
import type { DeferralReason, SignalSeen } from "../observe/channels.ts";

/** What an answer or an error says about the API's limit. */
export interface Verdict {
  readonly throttled: boolean;
  /** How long the API asks to be left alone (ms); 0 when it does not say. */
  readonly retryAfterMs: number;
  /** What kind of limit it was, and where that was read: for figures only. */
  readonly kind?: DeferralReason;
  readonly source?: SignalSeen["source"];
  readonly scope?: SignalSeen["scope"];
}

const fine: Verdict = { throttled: false, retryAfterMs: 0 };
const THROTTLED = Symbol.for("headgate.throttled");

/** An error that says "the API is at its limit"; made by `throttled()` and by `ctx.fetch`. */
export class ThrottledError extends Error {
  override readonly name = "ThrottledError";
  readonly retryAfterMs: number;

  constructor(retryAfterMs: number, message = "the API is at its limit", verdict: Partial<Verdict> = {}) {
    super(message);
    this.retryAfterMs = retryAfterMs;
    Object.defineProperty(this, "verdict", { value: verdict });
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
    return {
      throttled: true,
      retryAfterMs: Number(error["retryAfterMs"]) || 0,
      kind: "throttled",
      source: "default",
      ...(error["verdict"] as Partial<Verdict>),
    };
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
  return asked ? { throttled: true, retryAfterMs: waitOf(hints) } : fine;
}

function verdictOf({ throttled, terminal, status = 0, hint }: Classified): Verdict {
  if (!throttled) return fine;
  return {
    throttled: true,
    retryAfterMs: waitOf(hint),
    kind: terminal ? "quota" : status >= 500 ? "overload" : "throttled",
    source: sources[hint.source],
    scope: terminal ? "daily" : scopeOf(hint),
  };
}

const sources: Readonly<Record<Hints["source"], SignalSeen["source"]>> = {
  "retry-after-ms": "retry_after_ms",
  "retry-after": "retry_after",
  body: "body",
  terminal: "body",
  client: "sdk",
  ratelimit: "ratelimit_field",
  "reset-after": "reset_header",
  reset: "reset_header",
  default: "default",
  none: "default",
};

/** The unit of which nothing is left. */
function scopeOf({ limits }: Hints): SignalSeen["scope"] {
  const unit = limits.find(({ remaining }) => remaining === 0)?.unit ?? "";
  return unit === "requests" ? "requests" : unit.includes("tokens") ? "tokens" : "unknown";
}

const waitOf = ({ retryAfterMs = 0 }: Hints): number => retryAfterMs;

const isObject = (value: unknown): value is Record<PropertyKey, unknown> => typeof value === "object" && value !== null;
