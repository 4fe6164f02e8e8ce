import { Concurrency } from "./concurrency.ts";
import { FixedWindow } from "./fixed-window.ts";
import type { Rule } from "./rule.ts";
import { Schedule, type Step } from "./schedule.ts";
import { SlidingWindow } from "./sliding-window.ts";
import { TokenBucket } from "./token-bucket.ts";

export type Unit = "requests" | "tokens";

interface Paced {
  readonly unit: Unit;
  readonly amount: number;
  readonly perMs: number;
  /** The limit changes: from this share of the run on, to this many times `amount`. */
  readonly changes?: readonly { readonly at: number; readonly factor: number }[];
}

export type RuleSpec =
  | (Paced & { readonly kind: "bucket"; readonly burst: number })
  | (Paced & { readonly kind: "window" | "sliding" })
  | { readonly kind: "concurrency"; readonly unit: "requests"; readonly slots: number };

/** What the API says about its limits: on every answer the RateLimit fields, on a 429 Retry-After. */
export type Hint = "retry-after" | "ratelimit";

/** An API as plain data: what a process is started with. */
export interface ApiSpec {
  readonly rules: readonly RuleSpec[];
  /** An answer takes from `least` to `most`, evenly spread, a 429 as well. */
  readonly latencyMs: { readonly least: number; readonly most: number };
  readonly hints: readonly Hint[];
  /** Each 429 makes it refuse everything for this long. */
  readonly punishMs?: number;
  /** Somebody else calls it, evenly, between two shares of the run, and is served first. */
  readonly neighbour?: { readonly perSecond: number; readonly from: number; readonly until: number };
}

/** A run begins some way into a window of the API's own clock: nobody starts just when one does. */
export const PHASE = 0.37;

/** @param sinceMs how long before this run's first call the API's first run began: its clock goes on */
export function ruleOf(spec: RuleSpec, runMs: number, sinceMs: number): Rule {
  if (spec.kind === "concurrency") return new Concurrency(spec.slots);
  const { amount, perMs, changes = [] } = spec;
  const later = changes.map(({ at, factor }): Step => ({ atMs: at * runMs, amount: factor * amount }));
  const schedule = new Schedule([{ atMs: 0, amount }, ...later]);
  if (spec.kind === "bucket") return new TokenBucket(schedule, perMs, spec.burst);
  if (spec.kind === "sliding") return new SlidingWindow(schedule, perMs);
  return new FixedWindow(schedule, perMs, (PHASE * perMs + sinceMs) % perMs);
}
