/** One run of one job here. Its abort controller is made when somebody asks for the signal: most runs never do. */
export class Run {
  readonly jobId: string;
  readonly token: string;
  #controller: AbortController | undefined;
  #reason: unknown;

  constructor(jobId: string, token: string) {
    this.jobId = jobId;
    this.token = token;
  }

  get signal(): AbortSignal {
    if (!this.#controller) {
      this.#controller = new AbortController();
      if (this.#reason !== undefined) this.#controller.abort(this.#reason);
    }
    return this.#controller.signal;
  }

  /** Why it was aborted; undefined while it was not. */
  get reason(): unknown {
    return this.#reason;
  }

  abort(reason: unknown): void {
    if (this.#reason !== undefined) return;
    this.#reason = reason;
    this.#controller?.abort(reason);
  }
}

/** Why a run is aborted when a drain runs out of time: its job goes back to the head, its attempt unspent. */
export class Drained extends Error {
  override readonly name = "Drained";
}
