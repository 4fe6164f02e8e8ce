import { answerIn, causesOf } from "./client-error.ts";
import { exchangeOf, type HintOptions, resolved } from "./parse-hints.ts";
import type { Classified } from "./resolve.ts";

/** How many errors are opened: a wrapper around a wrapper around what several attempts threw. */
const OPENED_MOST = 10;

/**
 * What an error of an HTTP client says about limits. Recognised by shape, never by class, name or message alone, so it holds for
 * every version of a library and for those that are built on it. An error that says nothing itself is opened: `cause`,
 * `lastError`, and `errors`, of which a refusal counts before what failed otherwise. Never throws.
 */
export function classifyError(error: unknown, options: HintOptions = {}): Classified {
  const classified = (one: unknown): Classified => resolved(() => answerIn(one), options);
  let best = classified(error);
  const shut = [error];
  for (let opened = 0; opened < OPENED_MOST && !best.throttled && best.status === undefined; opened++) {
    const inside = causesOf(shut.shift());
    shut.push(...inside);
    const all = inside.map(classified);
    best = all.find((one) => one.throttled) ?? all.find((one) => one.status !== undefined) ?? best;
  }
  return best;
}

/** The same for an answer that was returned: `{ status, headers, body? }` or a fetch `Response`. */
export function classifyResponse(response: unknown, options: HintOptions = {}): Classified {
  return resolved(() => exchangeOf(response), options);
}
