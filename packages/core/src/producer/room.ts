/**
 * What this process knows of the room in a queue: the depth that the last answer told, and its own questions that are on
 * the way. While that is below where the level leaves `open`, questions may overtake nobody: all of them are admitted. Past
 * it they go through the line, one after the other, or a later one could be admitted where an earlier one was refused.
 */
export class Room {
  readonly #open: number;
  #depth = 0;
  #asking = 0;
  #admitted = 0;

  /** `open`: the depth at which the queue's level is no longer open. */
  constructor(open: number) {
    this.#open = open;
  }

  get sure(): boolean {
    return this.#depth + this.#asking < this.#open;
  }

  /** How many were admitted since this was last asked for. */
  takeAdmitted(): number {
    const admitted = this.#admitted;
    this.#admitted = 0;
    return admitted;
  }

  /** A question is on the way. */
  ask(): void {
    this.#asking++;
  }

  /** It is over: with an answer, or with none. */
  answer(answer: { readonly accepted: boolean; readonly depth: number } | undefined): void {
    this.#asking--;
    if (answer === undefined) return;
    this.#depth = answer.depth;
    if (answer.accepted) this.#admitted++;
  }
}
