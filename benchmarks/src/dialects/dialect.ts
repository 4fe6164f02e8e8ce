import type { Provider, ProviderName } from "@headgate/hints";
import type { RuleSpec } from "../api/spec.ts";

/** What an API knows of its first limit when it answers. */
export interface State {
  readonly accepted: boolean;
  /** Units left, and how many a window or a full bucket has. */
  readonly left: number;
  readonly amount: number;
  /** Until all of them are back (ms). */
  readonly resetMs: number;
  /** Of a refused call: until it would be accepted (ms). */
  readonly waitMs: number;
  /** Epoch ms of the API's clock. */
  readonly now: number;
}

export interface Said {
  readonly headers: Readonly<Record<string, string>>;
  /** Default: 200, and 429 for a refused call. */
  readonly status?: number;
  readonly body?: unknown;
}

/** An API that tells of its limit in one of the ways that are on the wire. */
export interface Dialect {
  readonly name: string;
  /** What the limiter is told of the API; nothing where its headers speak for themselves. */
  readonly provider?: ProviderName | Provider;
  /** 50 calls a second, in the shape that such an API has. */
  readonly rule: RuleSpec & { readonly kind: "bucket" | "window" };
  /** Units that others have used up before the run: else a bucket of a minute outlasts it. */
  readonly usedBefore?: number;
  /** Units of a call. */
  readonly cost?: number;
  says(state: State): Said;
}
