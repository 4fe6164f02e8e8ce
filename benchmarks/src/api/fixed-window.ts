import type { Left, Rule } from "./rule.ts";
import type { Schedule } from "./schedule.ts";

/** Counts by windows of its own clock: the run begins `phaseMs` after one of them did. */
export class FixedWindow implements Rule {
  readonly #amount: Schedule;
  readonly #perMs: number;
  readonly #phaseMs: number;
  #window = 0;
  #used = 0;

  constructor(amount: Schedule, perMs: number, phaseMs: number) {
    this.#amount = amount;
    this.#perMs = perMs;
    this.#phaseMs = phaseMs;
  }

  waitMs(now: number, cost: number): number {
    this.#turn(now);
    return this.#used + cost <= this.#amount.at(now) ? 0 : this.#endsIn(now);
  }

  take(now: number, cost: number): void {
    this.#turn(now);
    this.#used += cost;
  }

  left(now: number): Left {
    this.#turn(now);
    return { units: Math.max(0, this.#amount.at(now) - this.#used), resetMs: this.#endsIn(now) };
  }

  /**
   * By time: of a window that the run touches only in part, that part. Its whole amount may be had in it, but who comes early in
   * a window's life or late is luck, and luck shall not make a goodput above 1.
   */
  allowance(from: number, to: number): number {
    return this.#amount.integral(from, to) / this.#perMs;
  }

  /** For the same reason what is accepted counts by windows, in each at most its allowance. */
  cuts(from: number, to: number): readonly number[] {
    const first = (Math.floor((from + this.#phaseMs) / this.#perMs) + 1) * this.#perMs - this.#phaseMs;
    const cuts: number[] = [];
    for (let at = first; at < to; at += this.#perMs) cuts.push(at);
    return cuts;
  }

  #turn(now: number): void {
    const window = Math.floor((now + this.#phaseMs) / this.#perMs);
    if (window <= this.#window) return;
    this.#window = window;
    this.#used = 0;
  }

  #endsIn(now: number): number {
    return (this.#window + 1) * this.#perMs - this.#phaseMs - now;
  }
}
