import { setTimeout as sleep } from "node:timers/promises";

/** A tap that is set more or less open: how many jobs may come now. */
export class Tap {
  #perSecond: number | null;
  #since: number = performance.now();
  #let = 0;

  constructor(perSecond: number | null) {
    this.#perSecond = perSecond;
  }

  set(perSecond: number | null): void {
    this.#perSecond = perSecond;
    this.#since = performance.now();
    this.#let = 0;
  }

  /** Jobs that are due; at most `most`. */
  due(most: number): number {
    if (this.#perSecond === null) return most;
    const due = Math.floor(((performance.now() - this.#since) / 1_000) * this.#perSecond) - this.#let;
    const now = Math.max(0, Math.min(due, most));
    this.#let += now;
    return now;
  }

  /** Resolves when the next job is due. */
  async next(signal: AbortSignal): Promise<void> {
    while (this.due(1) === 0) await sleep(TICK_MS, undefined, { signal });
  }
}

const TICK_MS = 5;
