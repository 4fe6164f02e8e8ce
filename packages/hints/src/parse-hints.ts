import { bodyAt } from "./client-error.ts";
import { fieldsOf } from "./fields.ts";
import type { Hints } from "./hints.ts";
import { type Provider, type ProviderName, providers } from "./providers.ts";
import { find, isObject, isStatus, read } from "./reading.ts";
import { type Classified, type Exchange, resolve } from "./resolve.ts";
import { WAIT_MOST_MS } from "./time.ts";

export interface HintOptions {
  /** Epoch ms. Default: the host's clock. Counts only where the response has no `Date`. */
  readonly now?: number;
  /** What is known of the API beyond what it says: a preset's name, or your own. Default: what the answer looks like. */
  readonly provider?: ProviderName | Provider;
  /** The longest wait that is believed (ms). Default one day. */
  readonly maxWaitMs?: number;
}

const NOTHING: Hints = { source: "none", limits: [], scope: "unknown" };

/**
 * What an API says about its limits. Cheap enough for every answer, successes too. Never throws.
 * @param input a fetch `Response`; a `Headers` or any header object; or `{ status?, headers, body? }`, the body parsed or as
 * text (a stream is left alone)
 */
export function parseHints(input: unknown, options: HintOptions = {}): Hints {
  return resolved(() => exchangeOf(input), options).hint;
}

export function resolved(exchange: () => Exchange, options: HintOptions): Classified {
  try {
    const { now = Number.NaN, maxWaitMs = WAIT_MOST_MS, provider = {} } = options;
    const most = maxWaitMs > 0 && Number.isFinite(maxWaitMs) ? Math.ceil(maxWaitMs) : WAIT_MOST_MS;
    const preset = typeof provider === "string" ? (providers[provider] ?? {}) : provider;
    return resolve(exchange(), Number.isFinite(now) ? now : Date.now(), most, preset);
  } catch {
    return { throttled: false, terminal: false, hint: NOTHING, status: undefined };
  }
}

/** An answer, or headers alone. */
export function exchangeOf(input: unknown): Exchange {
  const status = find(input, ["status", "statusCode"], isStatus);
  const headers = read(input, "headers");
  const body = bodyAt(input, ["body", "data"]);
  const isAnswer = status !== undefined || isObject(headers) || body !== undefined;
  return { status, fields: fieldsOf(isAnswer ? headers : input), body };
}
