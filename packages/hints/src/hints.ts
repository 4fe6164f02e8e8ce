/** One limit that the API tells of. Everything but `unit` only if the API said it. */
export interface LimitHint {
  /** What is counted: `requests`, `tokens`, `input-tokens`, `cost`, `content-bytes` … */
  readonly unit: string;
  /** How many of it a window allows. Never negative. */
  readonly limit?: number;
  /** How many are left now. Never negative. A promise of nothing: the API may still refuse. */
  readonly remaining?: number;
  /** Time until the limit is reset, or full again (ms from now, 0 when it has passed). Not a time to wait. */
  readonly resetMs?: number;
  /** Length of the window (ms). */
  readonly windowMs?: number;
  /** Which of several counters this is: a partition key, GitHub's resource, Discord's bucket. */
  readonly partition?: string;
}

/**
 * The rule that gave `retryAfterMs`, in order of precedence; `terminal` and `none` give none, except that a terminal quota
 * with a known end (a daily quota) gives the time until then. Meant as a metric's label.
 */
export type HintSource =
  | "terminal"
  | "retry-after-ms"
  | "retry-after"
  | "body"
  | "client"
  | "ratelimit"
  | "reset-after"
  | "reset"
  | "default"
  | "none";

/**
 * Whom a limit is about, where the API says so (Discord does): this caller, all of its app, or a resource shared with others.
 * `secondary`: it is none of those that are counted (GitHub's secondary limit).
 */
export type HintScope = "user" | "global" | "shared" | "secondary" | "unknown";

/** What an API says about its limits, in one form. All times are whole, finite, non-negative milliseconds. */
export interface Hints {
  /**
   * How long to leave the API alone (ms), at most the cap (default one day). Missing when nothing says so: then back off
   * by your own rule. It may be there on a success too: the last call of a window was just used.
   */
  readonly retryAfterMs?: number;
  readonly source: HintSource;
  /** A quota that no waiting of seconds or minutes brings back: no credit, a spend limit, a daily quota. Do not retry. */
  readonly terminal?: true;
  readonly limits: readonly LimitHint[];
  readonly scope: HintScope;
}
