/** How often it is looked whether anything is answered (ms): a connection that hangs is noticed after one to two of these. */
const LOOK_MS = 4_000;

/**
 * A connection that has lost its other end without a word stays "ready" until the kernel gives up, which takes a quarter of an
 * hour. Here what is asked and what is answered is counted; no timer for each command, since that costs 6 % of an enqueue.
 */
export class HangWatch {
  readonly #timer: NodeJS.Timeout;
  #asked = 0;
  #answered = 0;
  #before = { asked: 0, answered: 0 };

  /** @param hung called again and again while nothing is answered */
  constructor(hung: () => void) {
    this.#timer = setInterval(() => {
      const { asked, answered } = this.#before;
      if (asked > answered && this.#answered === answered) hung();
      this.#before = { asked: this.#asked, answered: this.#answered };
    }, LOOK_MS).unref();
  }

  asked(): void {
    this.#asked++;
  }

  /** An error is an answer too. */
  answered(): void {
    this.#answered++;
  }

  close(): void {
    clearInterval(this.#timer);
  }
}
