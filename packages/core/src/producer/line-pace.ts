/** How much the last gap between two admissions says of the next one. */
const GAP_WEIGHT = 0.2;

/** How fast a line moves, as far as it was seen to: its own share of what the queue admits, whoever else waits elsewhere. */
export class LinePace {
  #gapMs: number | null = null;
  #admittedAt: number | null = null;

  /** The head was let in. */
  admitted(): void {
    const now = performance.now();
    if (this.#admittedAt !== null) {
      const gap = now - this.#admittedAt;
      this.#gapMs = this.#gapMs === null ? gap : this.#gapMs + GAP_WEIGHT * (gap - this.#gapMs);
    }
    this.#admittedAt = now;
  }

  /** Nobody waits: the next gap says nothing. */
  paused(): void {
    this.#admittedAt = null;
  }

  /**
   * Until the one at `place` behind the head is let in (ms), when the head is in `headMs`. `everyMs`: how long a job takes to
   * drain, for a line that has not moved yet.
   */
  until(headMs: number, place: number, everyMs: number): number {
    return Math.ceil(Math.max(1, headMs + Math.max(0, place) * (this.#gapMs ?? everyMs)));
  }
}
