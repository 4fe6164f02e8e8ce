import type { Accepted, Refusal } from "./result.ts";

/**
 * What this process knows of the room in a queue: the depth that the last answer told, and its own questions that are on
 * the way. While that is below where the level leaves `open`, questions may overtake nobody: all of them are admitted. Past
 * it they go through the line, one after the other, or a later one could be admitted where an earlier one was refused.
 */
export class Room {
  readonly #open: number;
  #depth = 0;
  #asking = 0;

  /** `open`: the depth at which the queue's level is no longer open. */
  constructor(open: number) {
    this.#open = open;
  }

  get sure(): boolean {
    return this.#depth + this.#asking < this.#open;
  }

  /** Counts a question while it is on the way, and learns from its answer. */
  async after(answer: Promise<Accepted | Refusal>): Promise<Accepted | Refusal> {
    this.#asking++;
    try {
      const told = await answer;
      this.#depth = told.depth;
      return told;
    } finally {
      this.#asking--;
    }
  }
}
