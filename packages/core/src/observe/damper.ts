import { suppressions } from "./channels.ts";

/**
 * At most one report of a kind in this time (ms): a worker without its Redis made 9,900 error lines a second. A little above a
 * second, since a timer may end a millisecond early.
 */
const INTERVAL_MS = 1_010;

interface Window<T> {
  last: T;
  suppressed: number;
  timer: NodeJS.Timeout;
}

/** Reports the first of a kind at once, then at most one a second, with how many were left out before it. */
export class Damper<T> {
  readonly #report: (what: T, kind: string, suppressed: number) => void;
  readonly #intervalMs: number;
  readonly #windows = new Map<string, Window<T>>();

  constructor(report: (what: T, kind: string, suppressed: number) => void, intervalMs: number = INTERVAL_MS) {
    this.#report = report;
    this.#intervalMs = intervalMs;
  }

  /** @param before how many were left out on its way here, by another damper */
  take(kind: string, what: T, before = 0): void {
    const window = this.#windows.get(kind);
    if (window) {
      window.last = what;
      window.suppressed += 1 + before;
      suppressions.tell({ kind });
      return;
    }
    this.#open(kind, what);
    this.#report(what, kind, before);
  }

  /** Reports what was left out so far, and forgets. */
  close(): void {
    for (const [kind, { last, suppressed, timer }] of this.#windows) {
      clearTimeout(timer);
      if (suppressed > 0) this.#report(last, kind, suppressed - 1);
    }
    this.#windows.clear();
  }

  #open(kind: string, what: T): void {
    const timer = setTimeout(() => this.#end(kind), this.#intervalMs).unref();
    this.#windows.set(kind, { last: what, suppressed: 0, timer });
  }

  #end(kind: string): void {
    const window = this.#windows.get(kind);
    this.#windows.delete(kind);
    if (!window || window.suppressed === 0) return;
    // The last one is reported itself, so it is not among those left out.
    this.#open(kind, window.last);
    this.#report(window.last, kind, window.suppressed - 1);
  }
}
