import type { Left, Rule } from "./rule.ts";
import type { Schedule } from "./schedule.ts";

interface Taken {
  readonly at: number;
  readonly cost: number;
}

/** A log: at most `amount` in any `perMs` that end now. */
export class SlidingWindow implements Rule {
  readonly #amount: Schedule;
  readonly #perMs: number;
  #log: Taken[] = [];
  #head = 0;
  #used = 0;

  constructor(amount: Schedule, perMs: number) {
    this.#amount = amount;
    this.#perMs = perMs;
  }

  waitMs(now: number, cost: number): number {
    this.#forget(now);
    let over = this.#used + cost - this.#amount.at(now);
    if (over <= 0) return 0;
    for (let index = this.#head; index < this.#log.length; index++) {
      const { at, cost: taken } = this.#log[index] as Taken;
      over -= taken;
      if (over <= 0) return at + this.#perMs - now;
    }
    return this.#perMs;
  }

  take(now: number, cost: number): void {
    this.#forget(now);
    this.#log.push({ at: now, cost });
    this.#used += cost;
  }

  left(now: number): Left {
    this.#forget(now);
    const last = this.#log.at(-1)?.at ?? now - this.#perMs;
    return { units: Math.max(0, this.#amount.at(now) - this.#used), resetMs: last + this.#perMs - now };
  }

  /** In the long run: `amount` for every `perMs`. The first `perMs` of a saturating load is the initial burst. */
  allowance(from: number, to: number): number {
    return this.#amount.integral(from, to) / this.#perMs;
  }

  #forget(now: number): void {
    for (let taken = this.#log[this.#head]; taken && taken.at + this.#perMs <= now; taken = this.#log[this.#head]) {
      this.#used -= taken.cost;
      this.#head++;
    }
    if (this.#head < 1_000) return;
    this.#log = this.#log.slice(this.#head);
    this.#head = 0;
  }
}
