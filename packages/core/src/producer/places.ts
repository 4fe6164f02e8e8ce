/** How many enqueues may wait in a producer at once: the memory of a producer whose queues are shut has a bound. */
export class Places {
  readonly #most: number;
  #taken = 0;

  constructor(most: number) {
    this.#most = most;
  }

  /** False when there is none left. */
  take(): boolean {
    if (this.#taken >= this.#most) return false;
    this.#taken++;
    return true;
  }

  free(): void {
    this.#taken--;
  }
}
