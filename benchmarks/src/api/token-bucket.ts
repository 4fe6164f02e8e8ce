import type { Left, Rule } from "./rule.ts";
import type { Schedule } from "./schedule.ts";

/** Sums of floating point refills must not refuse a call that is due. */
const EPSILON = 1e-6;

/** Refills evenly, `amount` per `perMs`; holds at most `burst`, and is full at first. */
export class TokenBucket implements Rule {
  readonly #amount: Schedule;
  readonly #perMs: number;
  readonly #burst: number;
  #tokens: number;
  #at = 0;

  constructor(amount: Schedule, perMs: number, burst: number) {
    this.#amount = amount;
    this.#perMs = perMs;
    this.#burst = burst;
    this.#tokens = burst;
  }

  waitMs(now: number, cost: number): number {
    this.#refill(now);
    const missing = cost - this.#tokens;
    return missing <= EPSILON ? 0 : (missing * this.#perMs) / this.#amount.at(now);
  }

  take(now: number, cost: number): void {
    this.#refill(now);
    this.#tokens -= cost;
  }

  left(now: number): Left {
    this.#refill(now);
    return {
      units: Math.max(0, Math.floor(this.#tokens + EPSILON)),
      resetMs: ((this.#burst - this.#tokens) * this.#perMs) / this.#amount.at(now),
    };
  }

  /** Exact: what flows in is what can flow out. */
  allowance(from: number, to: number): number {
    return this.#amount.integral(from, to) / this.#perMs;
  }

  #refill(now: number): void {
    if (now <= this.#at) return;
    this.#tokens = Math.min(this.#burst, this.#tokens + this.allowance(this.#at, now));
    this.#at = now;
  }
}
