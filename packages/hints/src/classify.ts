import { clientSays } from "./client-error.ts";
import { exchangeOf, type HintOptions, resolved } from "./parse-hints.ts";
import type { Classified } from "./resolve.ts";

/**
 * What an error of an HTTP client says about limits. Recognised by shape, never by class, name or message alone, so it holds for
 * every version of a library and for those that are built on it. Looks into `cause`. Never throws.
 */
export function classifyError(error: unknown, options: HintOptions = {}): Classified {
  return resolved(() => clientSays(error), options);
}

/** The same for an answer that was returned: `{ status, headers, body? }` or a fetch `Response`. */
export function classifyResponse(response: unknown, options: HintOptions = {}): Classified {
  return resolved(() => exchangeOf(response), options);
}
