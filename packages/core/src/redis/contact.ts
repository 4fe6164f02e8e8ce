import { reopen } from "./connection.ts";
import { unavailable } from "./fault.ts";
import type { Link } from "./link.ts";
import { Patience } from "./patience.ts";

/** How long nothing may be answered before another connection is tried (ms). */
const HUNG_MS = 10_000;

/**
 * Whether Redis can be asked now, and for how long an answer is waited for. Nothing is handed to a client that is not
 * connected or does not answer: its queue has no bound, and what it holds is sent when everybody has long been told no.
 */
export class Contact {
  readonly #link: Link;
  readonly #answers: Patience;
  readonly #returns: Patience;
  readonly #onBack: () => void;
  #back: Promise<void> | null = null;
  #suspecting: NodeJS.Timeout | undefined;
  #isBack: () => void = () => undefined;
  #isOver: (error: Error) => void = () => undefined;

  /** `onBack`: it could not be asked, and now it can. */
  constructor(link: Link, timeoutMs: number, onBack: () => void) {
    this.#link = link;
    this.#onBack = onBack;
    this.#answers = new Patience(timeoutMs, () => this.#look());
    this.#returns = new Patience(timeoutMs);
    link.client.on("ready", () => this.#look());
  }

  get away(): boolean {
    return this.#link.client.status !== "ready" || this.#answers.overdue > 0;
  }

  /** Until Redis can be asked. @throws HG_REDIS_UNAVAILABLE, with nothing sent, when that takes too long */
  async returned(id: string, since: number): Promise<void> {
    if (!this.away) return;
    this.#back ??= new Promise((resolve, reject) => {
      this.#isBack = resolve;
      this.#isOver = reject;
    });
    await this.#returns.wait(this.#back, () => unavailable("connection", id, "not-sent"), since);
  }

  /** What has to be done before anything can be asked. @throws HG_REDIS_UNREACHABLE when it was never reached in time */
  started<T>(start: Promise<T>, id: string, since: number): Promise<T> {
    const late = () =>
      this.#link.started ? unavailable("timeout", id, "not-sent") : this.#link.unreachable({ id, outcome: "not-sent" });
    return this.#returns.wait(start, late, since);
  }

  /** An answer. @throws HG_REDIS_UNAVAILABLE when it takes too long: what was asked may have been done, or will be */
  answered<T>(answer: Promise<T>, id: string, since?: number): Promise<T> {
    const late = () => {
      this.#suspect();
      return unavailable("timeout", id, "unknown");
    };
    return this.#answers.wait(answer, late, since);
  }

  /** It will not return. */
  end(error: Error): void {
    clearTimeout(this.#suspecting);
    this.#isOver(error);
  }

  /**
   * A connection that has lost its other end without a word stays "ready" until the kernel gives up, which takes a quarter of
   * an hour: after a while without an answer another is opened, and what was not answered is sent again there.
   */
  #suspect(): void {
    this.#suspecting ??= setTimeout(() => {
      this.#suspecting = undefined;
      if (this.#answers.overdue === 0) return;
      reopen(this.#link.client);
      this.#suspect();
    }, HUNG_MS).unref();
  }

  #look(): void {
    if (this.away) return;
    this.#isBack();
    this.#back = null;
    this.#onBack();
  }
}
