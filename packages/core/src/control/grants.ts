import type { Place } from "./place.ts";
import type { LimiterStatus } from "./status.ts";
import type { Turns } from "./turns.ts";

type Limit = LimiterStatus["limits"][number];

/** The parts of what is kept of a limit's past: lua/lib/window.lua. */
const WINDOW_SLOTS = 100;

/** What paces beside the limits. */
export interface Pace {
  /** Until the next permit. */
  readonly nextInMs: number;
  readonly perSecond: number;
}

/** Pure: one limit's bucket, and its window where jobs cost more than a burst; lua/lib/bucket.lua, lua/lib/window.lua. */
class Bucket {
  readonly #limit: Limit;
  readonly #index: number;
  readonly #refill: number;
  readonly #most: number;
  readonly #slots: { readonly at: number; sum: number }[] | null;
  #level: number;
  #at = 0;

  constructor(limit: Limit, index: number, place: Place) {
    const slack = limit.burst === 1 ? Math.min(0.5, (10 * limit.amount) / limit.perMs) : 0;
    this.#limit = limit;
    this.#index = index;
    this.#most = limit.burst + slack;
    this.#refill = (limit.amount - limit.burst + 1 - slack) / limit.perMs;
    this.#level = limit.remaining;
    const known = place.windows?.[index];
    this.#slots = known === undefined ? null : known.map(([at, sum]) => ({ at: at - place.now, sum }));
  }

  waitMs(cost: readonly number[], atMs: number): number {
    const need = cost[this.#index] ?? 0;
    if (need <= 0) return 0;
    const lack = Math.min(need, this.#limit.burst) - this.#fill(atMs);
    return Math.max(lack > 1e-9 ? lack / this.#refill : 0, this.#windowMs(need, atMs));
  }

  take(cost: readonly number[], atMs: number): void {
    const part = cost[this.#index] ?? 0;
    this.#level = this.#fill(atMs) - part;
    if (this.#slots === null || part <= 0) return;
    const width = this.#limit.perMs / WINDOW_SLOTS;
    const last = this.#slots.at(-1);
    if (last !== undefined && atMs - last.at < width) last.sum += part;
    else this.#slots.push({ at: atMs, sum: part });
  }

  #fill(atMs: number): number {
    this.#level = Math.min(this.#most, this.#level + (atMs - this.#at) * this.#refill);
    this.#at = atMs;
    return this.#level;
  }

  /** A slot counts until a whole period has passed since its end. */
  #windowMs(need: number, atMs: number): number {
    const slots = this.#slots;
    if (slots === null) return 0;
    const counts = this.#limit.perMs * (1 + 1 / WINDOW_SLOTS);
    while (slots[0] !== undefined && slots[0].at + counts <= atMs) slots.shift();
    let sum = slots.reduce((all, slot) => all + slot.sum, 0);
    let wait = 0;
    for (const slot of slots) {
      if (sum + need <= this.#limit.amount) break;
      sum -= slot.sum;
      wait = slot.at + counts - atMs;
    }
    return wait;
  }
}

/**
 * Pure: when the last of these turns is granted (ms), by these limits and this pace together. What is granted costs what
 * is known now; a gate that is shut gives the buckets until it opens.
 */
export function grantedInMs(
  { costs, total }: Turns,
  place: Place,
  limits: readonly (Limit | null)[],
  gateMs: number,
  pace: Pace | null,
): number {
  const buckets = limits.flatMap((limit, index) => (limit === null ? [] : [new Bucket(limit, index, place)]));
  let next = gateMs + (pace?.nextInMs ?? 0);
  let at = gateMs;
  for (const cost of costs) {
    const free = pace === null ? at : Math.max(at, next);
    at = free + Math.max(0, ...buckets.map((bucket) => bucket.waitMs(cost, free)));
    for (const bucket of buckets) bucket.take(cost, at);
    if (pace !== null) next = Math.max(next, at - CATCH_UP_MS) + 1_000 / pace.perSecond;
  }
  return ((at - gateMs) * total) / costs.length;
}

/** What a late timekeeper may take at once; lua/lib/law.lua. */
const CATCH_UP_MS = 20;
