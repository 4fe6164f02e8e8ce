import type { EnqueueOptions } from "headgate/producer";

/** Bounds how many jobs wait for room: who would be one more is answered at once. */
export class WaitingRoom {
  readonly #most: number;
  #waiting = 0;

  constructor(most: number) {
    this.#most = most;
  }

  async pass<T>(
    waitMs: number,
    enqueue: (how: Pick<EnqueueOptions, "onPressure" | "timeout">) => Promise<T>,
  ): Promise<T> {
    if (waitMs === 0 || this.#waiting >= this.#most) return enqueue({ onPressure: "refuse" });
    this.#waiting++;
    try {
      return await enqueue({ onPressure: "wait", timeout: waitMs });
    } finally {
      this.#waiting--;
    }
  }
}
