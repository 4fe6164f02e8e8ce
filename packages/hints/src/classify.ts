import { clientSays } from "./client-error.ts";
import type { Hints } from "./hints.ts";
import { exchangeOf, type HintOptions, hintsOf } from "./parse-hints.ts";
import type { Exchange } from "./resolve.ts";

export interface Classified {
  /** The API refused because of a limit or of overload: the call is worth making again, later. */
  readonly throttled: boolean;
  /** Throttled by a quota that no waiting of minutes brings back. Implies `throttled`. */
  readonly terminal: boolean;
  readonly hint: Hints;
  /** HTTP status, where the client or the answer gives one. */
  readonly status: number | undefined;
}

/**
 * What an error of an HTTP client says about limits. Recognised by shape, never by class, name or message alone, so it holds for
 * every version of a library and for those that are built on it. Looks into `cause`. Never throws.
 */
export function classifyError(error: unknown, options: HintOptions = {}): Classified {
  return classified(() => clientSays(error), options);
}

/** The same for an answer that was returned: `{ status, headers, body? }` or a fetch `Response`. */
export function classifyResponse(response: unknown, options: HintOptions = {}): Classified {
  return classified(() => exchangeOf(response), options);
}

function classified(open: () => Exchange, options: HintOptions): Classified {
  const { hints, throttled, status } = hintsOf(open, options);
  return { throttled, terminal: hints.terminal === true, hint: hints, status };
}
