/** How exactly a timeout is kept (share of it): what is late is given up this much before, never after. */
const GRAIN = 0.1;

interface Pending {
  readonly since: number;
  readonly late: () => void;
  givenUp: boolean;
}

/**
 * Bounds how long answers may take, with one timer for all of them: a timer for each cost an enqueue 6 % of its time.
 * What was given up is still on its way: while there is such a question, Redis does not answer, and nobody should ask more.
 */
export class Patience {
  readonly #timeoutMs: number;
  readonly #onMoving: () => void;
  readonly #pending = new Set<Pending>();
  #overdue = 0;
  #timer: NodeJS.Timeout | undefined;

  /** `onMoving`: everything that was given up has come to an end after all. */
  constructor(timeoutMs: number, onMoving: () => void = () => undefined) {
    this.#timeoutMs = timeoutMs;
    this.#onMoving = onMoving;
  }

  /** Answers that were given up and have not come. */
  get overdue(): number {
    return this.#overdue;
  }

  /** `since`: when whoever asks began to wait, by `performance.now()`. */
  wait<T>(answer: Promise<T>, error: () => Error, since: number = performance.now()): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const pending: Pending = { since, late: () => reject(error()), givenUp: false };
      this.#pending.add(pending);
      this.#timer ??= setTimeout(() => this.#look(), this.#timeoutMs * GRAIN);
      answer.then(
        (value) => {
          this.#end(pending);
          resolve(value);
        },
        (reason: unknown) => {
          this.#end(pending);
          reject(reason as Error);
        },
      );
    });
  }

  #end(pending: Pending): void {
    this.#pending.delete(pending);
    if (pending.givenUp && --this.#overdue === 0) this.#onMoving();
  }

  #look(): void {
    this.#timer = undefined;
    const latest = performance.now() - this.#timeoutMs * (1 - GRAIN);
    for (const pending of this.#pending) {
      if (pending.givenUp || pending.since > latest) continue;
      pending.givenUp = true;
      this.#overdue++;
      pending.late();
    }
    if (this.#pending.size > this.#overdue) {
      this.#timer = setTimeout(() => this.#look(), this.#timeoutMs * GRAIN);
    }
  }
}
