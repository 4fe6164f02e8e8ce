import { permits } from "../observe/channels.ts";

/** Why an answer brings no job (lua/lib/waiting.lua). */
const NO_PERMIT = 1;
const PAUSED = 2;

/** Of a fetch's answer. */
export const saysPaused = (reply: unknown): boolean => Array.isArray(reply) && reply[4] === PAUSED;

/** How long one worker, with a slot free and jobs waiting, gets no permit for them: told with the permit that it gets then. */
export class PermitWait {
  readonly #limiter: string;
  /** By `performance.now()`; 0: nothing is missing. */
  #since = 0;

  constructor(limiter: string) {
    this.#limiter = limiter;
  }

  granted(): void {
    if (permits.isWatched) {
      const waitMs = this.#since === 0 ? 0 : performance.now() - this.#since;
      permits.tell({ limiter: this.#limiter, waitMs });
    }
    this.#since = 0;
  }

  /** An answer without a job: for want of a permit, or of jobs (somebody else may have taken them). */
  notGranted(reply: readonly unknown[]): void {
    if (reply[4] !== NO_PERMIT) this.#since = 0;
    else if (this.#since === 0) this.#since = performance.now();
  }
}
