import type { Left, Rule } from "./rule.ts";

/** At most so many calls in work at once. */
export class Concurrency implements Rule {
  readonly #slots: number;
  #inFlight = 0;
  #answered = 0;
  #heldMs = 0;

  constructor(slots: number) {
    this.#slots = slots;
  }

  /** Nobody knows when a slot gets free: the shortest time there is. */
  waitMs(_now: number, cost: number): number {
    return this.#inFlight + cost <= this.#slots ? 0 : 1;
  }

  take(_now: number, cost: number): void {
    this.#inFlight += cost;
  }

  left(): Left {
    return { units: Math.max(0, this.#slots - this.#inFlight), resetMs: 0 };
  }

  /** Every slot busy all the time, with calls as long as they really were (timers are late, too). */
  allowance(from: number, to: number): number {
    return this.#answered === 0 ? 0 : (this.#slots * (to - from) * this.#answered) / this.#heldMs;
  }

  answered(heldMs: number): void {
    this.#inFlight--;
    this.#answered++;
    this.#heldMs += heldMs;
  }
}
