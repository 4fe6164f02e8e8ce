import { type HeadgateError, isHeadgateError } from "../errors.ts";
import { LinePace } from "./line-pace.ts";
import { onAbort } from "./on-abort.ts";
import type { Places } from "./places.ts";
import { type Accepted, type EnqueueResult, isFinal, type Refusal, refusedOf } from "./result.ts";

/** Asks Redis once for admission. `slot`: what an earlier answer reserved (0: nothing yet); null: reserve nothing. */
export type Ask = (slot: number | null) => Promise<Accepted | Refusal>;

/** One that joins the line. */
export interface Waits {
  /** Of `ticket()`: who asks before it joins keeps its place. */
  readonly ticket: number;
  readonly ask: Ask;
  /** What it was told, or how it failed, when it asked before it joined. */
  readonly first: Refusal | HeadgateError | null;
  readonly timeoutMs: number | null;
  /** By `performance.now()`. */
  readonly deadlineAt: number | null;
  readonly signal: AbortSignal | undefined;
}

interface Waiter {
  readonly ticket: number;
  readonly ask: Ask;
  readonly resolve: (result: EnqueueResult) => void;
  readonly reject: (error: unknown) => void;
  refusal: Refusal | null;
  /** When it was said, and when it is worth asking again, by `performance.now()`. */
  saidAt: number;
  dueAt: number;
  /** How often the line had been woken when that was said. */
  wakes: number;
  /** Its last question may have been carried out: it cannot be told that nothing was stored. */
  unsure: HeadgateError | null;
  /** Timed out or aborted while its question was on the way: the answer decides. */
  leaving: (() => void) | null;
  done: boolean;
}

/** Spreads the processes that come back when the same time has passed: this much after a review (ms), else a share of it. */
const REVIEW_JITTER_MS = 500;
const JITTER = 0.1;
/** While Redis is away the head asks this often (ms); between half of it and all. */
const AWAY_MS = 500;
/** A longer timer fires at once. */
const TIMER_MOST_MS = 2 ** 31 - 1;
/** What does not pass by itself: somebody has to change the server's users. */
const LASTING: ReadonlySet<unknown> = new Set(["noauth", "noperm"]);

/** Redis is away, which passes: whoever waits for room waits for that, too. */
export const isAway = (error: unknown): error is HeadgateError =>
  isHeadgateError(error, "HG_REDIS_UNAVAILABLE") && !LASTING.has(error.details["kind"]);

/**
 * Producers of one queue in this process that wait for room: first come, first served. Only the head asks, and only when a
 * level change was pushed, its turn at a paced level has come, or a closed level is due for review; everybody else waits
 * without touching Redis.
 */
export class WaitingLine {
  readonly #places: Places;
  readonly #away: () => boolean;
  readonly #waiters: Waiter[] = [];
  #tickets = 0;
  #pumping = false;
  #asking: Waiter | null = null;
  #ended: { readonly error: unknown } | null = null;
  #wake: (() => void) | null = null;
  /** What an answer that was given before the last wake says of time is void. */
  #wakes = 0;
  readonly #pace = new LinePace();

  /** `away`: Redis cannot be asked; `wake` says when it can. */
  constructor(places: Places, away: () => boolean) {
    this.#places = places;
    this.#away = away;
  }

  get length(): number {
    return this.#waiters.length;
  }

  /** Who came when. */
  ticket(): number {
    return this.#tickets++;
  }

  /**
   * Joins the line, or is refused when too many wait already. Never rejects for pressure: a timeout resolves as refused, an
   * abort rejects with its reason. While Redis is away it waits on; only when nobody can say whether the job was stored is
   * that what it ends with.
   */
  wait({ ticket, ask, first, timeoutMs, deadlineAt, signal }: Waits): Promise<EnqueueResult> {
    return new Promise((resolve, reject) => {
      if (this.#ended || signal?.aborted) {
        reject(this.#ended ? this.#ended.error : signal?.reason);
        return;
      }
      if (!this.#places.take()) {
        if (isHeadgateError(first)) reject(first);
        else resolve(this.#refused("local", first, this.#waiters.length));
        return;
      }
      const settled = () => {
        this.#places.free();
        clearTimeout(timer);
        unfollow?.();
      };
      const waiter: Waiter = {
        ticket,
        ask,
        resolve: after(settled, resolve),
        reject: after(settled, reject),
        refusal: null,
        saidAt: 0,
        dueAt: 0,
        wakes: this.#wakes,
        unsure: null,
        leaving: null,
        done: false,
      };
      if (isHeadgateError(first)) this.#failed(waiter, first);
      else if (first) this.#told(waiter, first, this.#wakes);

      const leftMs = deadlineAt === null ? Number.POSITIVE_INFINITY : Math.max(0, deadlineAt - performance.now());
      const mostMs = Math.min(leftMs, timeoutMs ?? Number.POSITIVE_INFINITY);
      const reason = leftMs < (timeoutMs ?? Number.POSITIVE_INFINITY) ? "deadline" : "timeout";
      const onTime = () => {
        if (waiter.unsure) waiter.reject(waiter.unsure);
        else waiter.resolve(this.#refused(reason, waiter.refusal, this.#waiters.indexOf(waiter)));
      };
      const timer =
        mostMs === Number.POSITIVE_INFINITY
          ? undefined
          : setTimeout(() => this.#leave(waiter, onTime), Math.min(mostMs, TIMER_MOST_MS));
      const unfollow = signal && onAbort(signal, (reason) => this.#leave(waiter, () => waiter.reject(reason)));
      this.#join(waiter);
      if (!this.#pumping) void this.#pump();
    });
  }

  #join(waiter: Waiter): void {
    let place = this.#waiters.length;
    while (place > 0 && (this.#waiters[place - 1] as Waiter).ticket > waiter.ticket) place--;
    this.#waiters.splice(place, 0, waiter);
    if (place === 0) this.#wake?.();
  }

  /** Something changed: the head asks now, unless it holds a paced slot and the level is still not open. */
  wake(slotsHold = false): void {
    if (slotsHold && this.#waiters[0]?.refusal?.slot) return;
    this.#wakes++;
    this.#wake?.();
  }

  /** Ends every wait with an error. */
  end(error: unknown): void {
    this.#ended = { error };
    for (const waiter of this.#waiters.splice(0)) finish(waiter, () => waiter.reject(error));
    this.wake();
  }

  #leave(waiter: Waiter, leave: () => void): void {
    if (waiter.done) return;
    if (waiter === this.#asking) {
      waiter.leaving = leave;
      return;
    }
    this.#hand(waiter, leave);
    this.#wake?.();
  }

  /** Ends a wait; what the head was told, and the slot that it reserved, are as good for the next one. */
  #hand(waiter: Waiter, how: () => void): void {
    const isHead = waiter === this.#waiters[0] || waiter === this.#asking;
    this.#end(waiter, how);
    const next = this.#waiters[0];
    if (!isHead || !next || waiter.dueAt === 0) return;
    const { refusal, saidAt, dueAt, wakes } = waiter;
    Object.assign(next, { refusal, saidAt, dueAt, wakes });
  }

  async #pump(): Promise<void> {
    this.#pumping = true;
    for (let head = this.#waiters[0]; head; head = this.#waiters[0]) {
      await this.#pause(head);
      if (head !== this.#waiters[0] || this.#away()) continue;
      await this.#askFor(head);
      this.#asking = null;
    }
    this.#pumping = false;
    this.#pace.paused();
  }

  async #askFor(head: Waiter): Promise<void> {
    let answer: Accepted | Refusal;
    const wakes = this.#wakes;
    this.#asking = head;
    try {
      answer = await head.ask(head.refusal?.slot ?? 0);
    } catch (error) {
      if (isAway(error)) {
        this.#failed(head, error);
        if (head.leaving) this.#hand(head, head.leaving);
      } else {
        this.#end(head, () => head.reject(error));
      }
      return;
    }
    if (answer.accepted) {
      this.#pace.admitted();
      this.#end(head, () => head.resolve(answer));
      return;
    }
    this.#told(head, answer, wakes);
    if (isFinal(answer)) this.#end(head, () => head.resolve(refusedOf(answer)));
    else if (head.leaving) this.#hand(head, head.leaving);
  }

  #told(waiter: Waiter, refusal: Refusal, wakes: number): void {
    waiter.refusal = refusal;
    waiter.saidAt = performance.now();
    waiter.dueAt = waiter.saidAt + pauseOf(refusal);
    waiter.wakes = wakes;
    waiter.unsure = null;
  }

  #failed(waiter: Waiter, error: HeadgateError): void {
    if (error.outcome === "unknown") waiter.unsure = error;
    waiter.dueAt = performance.now() + AWAY_MS * (0.5 + 0.5 * Math.random());
    waiter.wakes = this.#wakes;
  }

  #end(waiter: Waiter, how: () => void): void {
    finish(waiter, how);
    this.#remove(waiter);
  }

  #remove(waiter: Waiter): void {
    const index = this.#waiters.indexOf(waiter);
    if (index >= 0) this.#waiters.splice(index, 1);
  }

  /** What it is told who leaves from a place in line: when its head is let in, and how long those between take. */
  #refused(reason: "timeout" | "deadline" | "local", own: Refusal | null, place: number): EnqueueResult {
    const head = this.#waiters[0];
    const said = head?.refusal ?? own;
    if (!said) return { accepted: false, reason, retryAfterMs: AWAY_MS, depth: 0, level: "closed" };
    const left = said.retryAfterMs - (head?.refusal ? performance.now() - head.saidAt : 0);
    return refusedOf(said, { reason, retryAfterMs: this.#pace.until(Math.max(0, left), place, said.everyMs) });
  }

  /** Until the head's time has come, or something changed; and Redis can be asked. */
  async #pause(head: Waiter): Promise<void> {
    const away = this.#away();
    const waitMs = away ? TIMER_MOST_MS : head.dueAt - performance.now();
    if (!away && (waitMs <= 0 || head.wakes < this.#wakes)) return;
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      timer = setTimeout(resolve, Math.min(Math.ceil(waitMs), TIMER_MOST_MS));
      this.#wake = resolve;
    });
    clearTimeout(timer);
    this.#wake = null;
  }
}

/** A reserved slot is waited for exactly; without one the processes are spread, so that they do not all ask at once. */
function pauseOf({ retryAfterMs, askAfterMs, slot }: Refusal): number {
  if (askAfterMs > 0) return askAfterMs + REVIEW_JITTER_MS * Math.random();
  return retryAfterMs * (slot === 0 ? 1 + JITTER * Math.random() : 1);
}

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
