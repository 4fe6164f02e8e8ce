import { onAbort } from "./on-abort.ts";
import type { Accepted, EnqueueResult, Refusal, Refused } from "./result.ts";
import { withoutSlot } from "./result.ts";

/** Asks Redis once for admission. `slot`: what an earlier answer reserved (0: nothing yet); null: reserve nothing. */
export type Ask = (slot: number | null) => Promise<Accepted | Refusal>;

interface Waiter {
  readonly ask: Ask;
  readonly resolve: (result: EnqueueResult) => void;
  readonly reject: (error: unknown) => void;
  refusal: Refusal | null;
  /** When it is worth asking again, by `performance.now()`. */
  dueAt: number;
  /** How often the line had been woken when that was said. */
  wakes: number;
  /** Timed out or aborted while its question was on the way: the answer decides. */
  leaving: (() => void) | null;
  done: boolean;
}

/** Spreads the processes that come back when the same time has passed (share of the wait). */
const JITTER = 0.1;

/**
 * Producers of one queue in this process that wait for room: first come, first served. Only the head asks, and only when a
 * level change was pushed or its `retryAfterMs` has passed; everybody else waits without touching Redis.
 */
export class WaitingLine {
  readonly #waiters: Waiter[] = [];
  #pumping = false;
  #wake: (() => void) | null = null;
  /** What an answer that was given before the last wake says of time is void. */
  #wakes = 0;

  get length(): number {
    return this.#waiters.length;
  }

  /** Joins the line. Never rejects for pressure: a timeout resolves as refused, an abort rejects with its reason. */
  wait(
    ask: Ask,
    first: Refusal | null,
    timeoutMs: number | null,
    signal: AbortSignal | undefined,
  ): Promise<EnqueueResult> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) {
        reject(signal.reason as Error);
        return;
      }
      const settled = () => {
        clearTimeout(timer);
        unfollow?.();
      };
      const waiter: Waiter = {
        ask,
        resolve: after(settled, resolve),
        reject: after(settled, reject),
        refusal: first,
        dueAt: first ? dueAtOf(first) : 0,
        wakes: this.#wakes,
        leaving: null,
        done: false,
      };
      const timer =
        timeoutMs === null
          ? undefined
          : setTimeout(() => this.#leave(waiter, () => waiter.resolve(timedOut(waiter))), timeoutMs);
      const unfollow = signal && onAbort(signal, (reason) => this.#leave(waiter, () => waiter.reject(reason)));
      this.#waiters.push(waiter);
      if (!this.#pumping) void this.#pump();
    });
  }

  /** Something changed: the head asks now, unless it holds a paced slot and the level is still not open. */
  wake(slotsHold = false): void {
    if (slotsHold && this.#waiters[0]?.refusal?.slot) return;
    this.#wakes++;
    this.#wake?.();
  }

  /** Ends every wait with an error. */
  end(error: unknown): void {
    for (const waiter of this.#waiters.splice(0)) finish(waiter, () => waiter.reject(error));
    this.wake();
  }

  #leave(waiter: Waiter, leave: () => void): void {
    if (waiter.done) return;
    if (waiter === this.#waiters[0] && this.#pumping && this.#wake === null) {
      waiter.leaving = leave;
      return;
    }
    const index = this.#waiters.indexOf(waiter);
    if (index >= 0) this.#waiters.splice(index, 1);
    finish(waiter, leave);
    if (index === 0) this.wake();
  }

  async #pump(): Promise<void> {
    this.#pumping = true;
    for (let head = this.#waiters[0]; head; head = this.#waiters[0]) {
      await this.#pause(head);
      if (head !== this.#waiters[0]) continue;
      await this.#askFor(head);
    }
    this.#pumping = false;
  }

  async #askFor(head: Waiter): Promise<void> {
    let answer: Accepted | Refusal;
    const wakes = this.#wakes;
    try {
      answer = await head.ask(head.refusal?.slot ?? 0);
    } catch (error) {
      this.#remove(head);
      finish(head, () => head.reject(error));
      return;
    }
    if (answer.accepted) {
      this.#remove(head);
      finish(head, () => head.resolve(answer));
      return;
    }
    head.refusal = answer;
    head.dueAt = dueAtOf(answer);
    head.wakes = wakes;
    if (head.leaving) {
      this.#remove(head);
      finish(head, head.leaving);
    }
  }

  #remove(waiter: Waiter): void {
    const index = this.#waiters.indexOf(waiter);
    if (index >= 0) this.#waiters.splice(index, 1);
  }

  /** Until the head's time has come, or something changed. */
  async #pause(head: Waiter): Promise<void> {
    const waitMs = head.dueAt - performance.now();
    if (waitMs <= 0 || head.wakes < this.#wakes) return;
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      timer = setTimeout(resolve, Math.ceil(waitMs));
      this.#wake = resolve;
    });
    clearTimeout(timer);
    this.#wake = null;
  }
}

/** A reserved slot is waited for exactly; without one the processes are spread, so that they do not all ask at once. */
const dueAtOf = ({ retryAfterMs, slot }: Refusal): number =>
  performance.now() + retryAfterMs * (slot === 0 ? 1 + JITTER * Math.random() : 1);

function finish(waiter: Waiter, how: () => void): void {
  if (waiter.done) return;
  waiter.done = true;
  how();
}

const after =
  <T>(first: () => void, then: (value: T) => void) =>
  (value: T): void => {
    first();
    then(value);
  };

function timedOut({ refusal }: Waiter): Refused {
  if (refusal) return { ...withoutSlot(refusal), reason: "timeout" };
  return { accepted: false, reason: "timeout", retryAfterMs: 0, depth: 0, level: "closed" };
}
