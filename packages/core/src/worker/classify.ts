import {
  type Classified,
  classifyError as classifiedError,
  classifyResponse as classifiedResponse,
  type HintOptions,
  type Hints,
  parseHints,
} from "@headgate/hints";
import { type KnownLimit, NO_LIMITS } from "../bullmq/ending.ts";
import type { DeferralReason, SignalSeen } from "../observe/channels.ts";
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
  /** What kind of limit it was, and where that was read: for figures only. */
  readonly kind?: DeferralReason;
  readonly source?: SignalSeen["source"];
  readonly scope?: SignalSeen["scope"];
}

export const fine: Verdict = { throttled: false, retryAfterMs: 0, terminal: false, limits: NO_LIMITS };
const THROTTLED = Symbol.for("headgate.throttled");
/** What `ctx.report` takes from a sandbox: what was read there, with the SDK's own errors still in hand. */
export const VERDICT: unique symbol = Symbol("headgate.verdict");

/** An error that says "the API is at its limit"; made by `throttled()` and by `ctx.fetch`. */
export class ThrottledError extends Error {
  override readonly name = "ThrottledError";
  readonly retryAfterMs: number;
  readonly terminal: boolean;

  constructor(retryAfterMs: number, message = "the API is at its limit", verdict: Partial<Verdict> = {}) {
    super(message);
    this.retryAfterMs = retryAfterMs;
    this.terminal = verdict.terminal === true;
    Object.defineProperty(this, "verdict", { value: verdict });
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
  return new ThrottledError(wait, terminal ? "the API's quota is spent" : undefined, { terminal });
}

/** A preset of @headgate/hints, or null: then what an answer looks like decides. */
type OfProvider = HintOptions["provider"] | null;

const optionsOf = (provider: OfProvider): HintOptions => (provider ? { provider } : {});

/** 429 always; 503 and 529 (overload) only when it says for how long: without that they are plain failures. */
export const classifyResponse = (response: unknown, provider: OfProvider): Verdict =>
  verdictOf(classifiedResponse(response, optionsOf(provider)));

/** How many errors are opened to find one of ours. */
const OPENED_MOST = 10;

/**
 * The error that `throttled()` or `ctx.fetch` made, wherever a client library that was given `ctx.fetch` has put it: openai,
 * Anthropic and octokit into `cause`, Stripe into `detail`.
 */
function ownIn(error: unknown): Record<PropertyKey, unknown> | null {
  const found = [error];
  try {
    for (let at = 0; at < found.length && at < OPENED_MOST; at++) {
      const one = found[at];
      if (!isObject(one)) continue;
      if (one[THROTTLED] === true) return one;
      const { cause, detail, lastError, errors } = one;
      found.push(cause, detail, lastError, ...(Array.isArray(errors) ? errors : []));
    }
  } catch {
    // A getter that throws hides nothing of ours.
  }
  return null;
}

/** By shape, never by `instanceof` or message: errors of fetch wrappers, HTTP clients, and the SDKs built on them. */
export function classifyError(error: unknown, provider: OfProvider): Verdict {
  const own = ownIn(error);
  if (own === null) return verdictOf(classifiedError(error, optionsOf(provider)));
  const terminal = own["terminal"] === true;
  return {
    throttled: true,
    retryAfterMs: Number(own["retryAfterMs"]) || 0,
    terminal,
    limits: NO_LIMITS,
    kind: terminal ? "quota" : "throttled",
    source: "default",
    scope: terminal ? "daily" : "unknown",
    ...(own["verdict"] as Partial<Verdict>),
  };
}

/** What `ctx.report` takes: a Response, anything with `status` and `headers`, headers alone, or what a client threw or returned. */
export function classifyReport(report: unknown, provider: OfProvider): Verdict {
  if (!isObject(report)) return fine;
  if (VERDICT in report) return report[VERDICT] as Verdict;
  const verdict = classifyError(report, provider);
  if (verdict.throttled || verdict.limits.length > 0 || "headers" in report) return verdict;
  // Headers alone carry no status: that the API is at its limit only a Retry-After says.
  const hints = parseHints(report, optionsOf(provider));
  const asked = hints.source === "retry-after" || hints.source === "retry-after-ms";
  return verdictOf({ throttled: asked, terminal: false, hint: hints });
}

type Said = Pick<Classified, "throttled" | "terminal" | "hint"> & { readonly status?: number | undefined };

function verdictOf({ throttled, terminal, status = 0, hint }: Said): Verdict {
  const limits = ownLimits(hint);
  if (!throttled) return limits.length === 0 ? fine : { ...fine, limits };
  return {
    throttled: true,
    retryAfterMs: hint.retryAfterMs ?? 0,
    terminal,
    limits,
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

/** The unit of which nothing is left, but for limits that are not counted so. */
function scopeOf({ limits, scope }: Hints): SignalSeen["scope"] {
  if (scope === "secondary") return scope;
  const { unit = "", partition = "" } = limits.find(({ remaining }) => remaining === 0) ?? {};
  if (/concurren/i.test(unit + partition)) return "concurrency";
  return unit === "requests" ? "requests" : unit.includes("tokens") ? "tokens" : "unknown";
}

const isObject = (value: unknown): value is Record<PropertyKey, unknown> => typeof value === "object" && value !== null;
