import {
  classifyError as classifiedError,
  classifyResponse as classifiedResponse,
  type HintOptions,
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
  /** Throttled by a quota that no waiting of minutes brings back. */
  readonly terminal: boolean;
  /** What the API says of its counters, on successes too. */
  readonly limits: readonly KnownLimit[];
}

const fine: Verdict = { throttled: false, retryAfterMs: 0, terminal: false, limits: NO_LIMITS };
const THROTTLED = Symbol.for("headgate.throttled");

/** An error that says "the API is at its limit"; made by `throttled()` and by `ctx.fetch`. */
export class ThrottledError extends Error {
  override readonly name = "ThrottledError";
  readonly retryAfterMs: number;
  readonly terminal: boolean;

  constructor(retryAfterMs: number, message = "the API is at its limit", terminal = false) {
    super(message);
    this.retryAfterMs = retryAfterMs;
    this.terminal = terminal;
    Object.defineProperty(this, THROTTLED, { value: true });
  }
}

/**
 * `throw throttled()` in a processor: the job is put back, spends no attempt, and the fleet slows down.
 * @param hint.retryAfterMs how long the API asks to be left alone (ms); left out when it did not say
 * @param hint.terminal a quota is spent that no waiting of minutes brings back: the gate shuts for `retryAfterMs`, or until an
 * operator resumes the limiter; default false
 */
export function throttled(hint: { readonly retryAfterMs?: number; readonly terminal?: boolean } = {}): ThrottledError {
  const { retryAfterMs = 0, terminal = false } = hint;
  const wait = Number.isFinite(retryAfterMs) && retryAfterMs > 0 ? retryAfterMs : 0;
  return new ThrottledError(wait, terminal ? "the API's quota is spent" : undefined, terminal);
}

/** A preset of @headgate/hints, or null: then what an answer looks like decides. */
type OfProvider = HintOptions["provider"] | null;

const optionsOf = (provider: OfProvider): HintOptions => (provider ? { provider } : {});

/** 429 always; 503 and 529 (overload) only when it says for how long: without that they are plain failures. */
export const classifyResponse = (response: unknown, provider: OfProvider): Verdict =>
  verdictOf(classifiedResponse(response, optionsOf(provider)));

/** By shape, never by `instanceof` or message: errors of fetch wrappers, HTTP clients, and the SDKs built on them. */
export function classifyError(error: unknown, provider: OfProvider): Verdict {
  if (isObject(error) && error[THROTTLED] === true) {
    const retryAfterMs = Number(error["retryAfterMs"]) || 0;
    return { throttled: true, retryAfterMs, terminal: error["terminal"] === true, limits: NO_LIMITS };
  }
  return verdictOf(classifiedError(error, optionsOf(provider)));
}

/** What `ctx.report` takes: a Response, anything with `status` and `headers`, headers alone, or an error. */
export function classifyReport(report: unknown, provider: OfProvider): Verdict {
  if (!isObject(report)) return fine;
  if (report instanceof Error) return classifyError(report, provider);
  if ("headers" in report || "status" in report || "statusCode" in report) return classifyError(report, provider);
  // Headers alone carry no status: that the API is at its limit only a Retry-After says.
  const hints = parseHints(report, optionsOf(provider));
  const asked = hints.source === "retry-after" || hints.source === "retry-after-ms";
  return verdictOf({ throttled: asked, terminal: false, hint: hints });
}

interface Said {
  readonly throttled: boolean;
  readonly terminal: boolean;
  readonly hint: Hints;
}

function verdictOf({ throttled, terminal, hint }: Said): Verdict {
  const limits = ownLimits(hint);
  if (!throttled && limits.length === 0) return fine;
  return { throttled, retryAfterMs: throttled ? (hint.retryAfterMs ?? 0) : 0, terminal, limits };
}

const isObject = (value: unknown): value is Record<PropertyKey, unknown> => typeof value === "object" && value !== null;
