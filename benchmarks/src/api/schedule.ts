/** From this moment on (ms since the run's first call) the limit is `amount`. */
export interface Step {
  readonly atMs: number;
  readonly amount: number;
}

/** A limit over time: one amount, or several one after the other. */
export class Schedule {
  readonly #steps: readonly Step[];

  /** In the order of their times; the first one holds from the beginning of time. */
  constructor(steps: readonly [Step, ...Step[]]) {
    this.#steps = steps.map((step, index) => (index === 0 ? { ...step, atMs: Number.NEGATIVE_INFINITY } : step));
  }

  at(now: number): number {
    return this.#steps.findLast(({ atMs }) => atMs <= now)?.amount ?? 0;
  }

  /** The amount times how long it held (ms), summed up from `from` to `to`. */
  integral(from: number, to: number): number {
    return this.#steps.reduce((sum, { atMs, amount }, index) => {
      const begin = Math.max(from, atMs);
      const end = Math.min(to, this.#steps[index + 1]?.atMs ?? Number.POSITIVE_INFINITY);
      return sum + Math.max(0, end - begin) * amount;
    }, 0);
  }
}
