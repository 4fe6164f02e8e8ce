import type { Left, Rule } from "./rule.ts";
import { type ApiSpec, type RuleSpec, ruleOf, type Unit } from "./spec.ts";

export type Cost = Readonly<Record<Unit, number>>;

export type Verdict = { readonly accepted: true } | { readonly accepted: false; readonly retryAfterMs: number };

export interface Limit {
  readonly spec: RuleSpec;
  readonly rule: Rule;
}

/** All rules of an API together, for one run. Pure: time is an argument (ms since the run's first call). */
export class Api {
  readonly limits: readonly Limit[];
  readonly #punishMs: number;
  readonly #visits: readonly number[];
  #nextVisit = 0;
  #shutUntil = 0;

  constructor(spec: ApiSpec, runMs: number, sinceMs = 0) {
    this.limits = spec.rules.map((rule) => ({ spec: rule, rule: ruleOf(rule, runMs, sinceMs) }));
    this.#punishMs = spec.punishMs ?? 0;
    this.#visits = visitsOf(spec.neighbour, runMs);
  }

  decide(now: number, cost: Cost): Verdict {
    this.#letNeighbourIn(now);
    const waits = this.limits.map(({ spec, rule }) => rule.waitMs(now, cost[spec.unit]));
    const wait = Math.max(this.#shutUntil - now, ...waits);
    if (wait > 0) {
      if (this.#punishMs > 0) this.#shutUntil = now + this.#punishMs;
      return { accepted: false, retryAfterMs: Math.max(wait, this.#shutUntil - now) };
    }
    for (const { spec, rule } of this.limits) rule.take(now, cost[spec.unit]);
    return { accepted: true };
  }

  answered(heldMs: number): void {
    for (const { rule } of this.limits) rule.answered?.(heldMs);
  }

  /** What it says about its first limit. */
  left(now: number): Left {
    this.#letNeighbourIn(now);
    return (this.limits[0] as Limit).rule.left(now);
  }

  /** Calls that the neighbour made between two moments: they are not the fleet's to have. */
  visits(from: number, to: number): number {
    return this.#visits.filter((at) => at >= from && at < to).length;
  }

  #letNeighbourIn(now: number): void {
    for (let at = this.#visits[this.#nextVisit]; at !== undefined && at <= now; at = this.#visits[this.#nextVisit]) {
      for (const { rule } of this.limits) rule.take(at, 1);
      this.#nextVisit++;
    }
  }
}

function visitsOf(neighbour: ApiSpec["neighbour"], runMs: number): number[] {
  if (!neighbour) return [];
  const { perSecond, from, until } = neighbour;
  const count = Math.round((((until - from) * runMs) / 1_000) * perSecond);
  return Array.from({ length: count }, (_, index) => from * runMs + (index * 1_000) / perSecond);
}
