import { TokenBucket } from "limiter";

/** What the bucket holds at most: this many calls may come at once. */
export const BURST = 10;

export type Verdict = { readonly allowed: true } | { readonly allowed: false; readonly retryAfterSeconds: number };

/** What the API saw in a span of time, and how many calls it would have accepted in it had they always come in time. */
export interface Account {
  readonly seconds: number;
  readonly accepted: number;
  readonly throttled: number;
  readonly offered: number;
}

/**
 * The API's rate limit: the token bucket of the `limiter` package, and a record of what it decided. The record is the
 * truth that the demo is measured against.
 */
export class Guard {
  readonly #bucket: TokenBucket;
  readonly #now: () => number;
  readonly #limits: { readonly at: number; readonly perSecond: number }[];
  readonly #accepted: number[] = [];
  readonly #throttled: number[] = [];
  readonly #answers = new Map<string, number>();
  #first: { readonly at: number; readonly tokens: number } | undefined;

  constructor(perSecond: number, now: () => number = Date.now) {
    this.#bucket = new TokenBucket({ bucketSize: BURST, tokensPerInterval: perSecond, interval: "second" });
    this.#bucket.content = BURST;
    this.#now = now;
    this.#limits = [{ at: now(), perSecond }];
  }

  get firstCallAt(): number | undefined {
    return this.#first?.at;
  }

  get lastAcceptedAt(): number | undefined {
    return this.#accepted.at(-1);
  }

  get perSecond(): number {
    return this.#bucket.tokensPerInterval;
  }

  setLimit(perSecond: number): void {
    this.#bucket.drip(); // the time until now counts at the old limit
    this.#bucket.tokensPerInterval = perSecond;
    this.#limits.push({ at: this.#now(), perSecond });
  }

  /** One call. */
  decide(): Verdict {
    const at = this.#now();
    if (this.#first === undefined) {
      this.#bucket.drip();
      this.#first = { at, tokens: this.#bucket.content };
    }
    if (this.#bucket.tryRemoveTokens(1)) {
      this.#accepted.push(at);
      return { allowed: true };
    }
    this.#throttled.push(at);
    // In whole seconds, as RFC 9110 has it and as the library's README does it.
    return { allowed: false, retryAfterSeconds: Math.max(1, Math.ceil(this.#bucket.getWaitTime(1) / 1000)) };
  }

  answered(document: string): void {
    this.#answers.set(document, (this.#answers.get(document) ?? 0) + 1);
  }

  /** Answers to documents that had one already. */
  get repeated(): number {
    return [...this.#answers.values()].reduce((sum, count) => sum + count - 1, 0);
  }

  /** From the first call to `until`. */
  account(until: number = this.#now()): Account {
    if (this.#first === undefined) return { seconds: 0, accepted: 0, throttled: 0, offered: 0 };
    const within = (at: number): boolean => at <= until;
    return {
      seconds: (until - this.#first.at) / 1000,
      accepted: this.#accepted.filter(within).length,
      throttled: this.#throttled.filter(within).length,
      offered: this.#first.tokens + this.#refilled(this.#first.at, until),
    };
  }

  lastSecond(): { accepted: number; throttled: number } {
    const since = this.#now() - 1000;
    const recent = (ats: readonly number[]): number => ats.length - (ats.findLastIndex((at) => at < since) + 1);
    return { accepted: recent(this.#accepted), throttled: recent(this.#throttled) };
  }

  #refilled(from: number, until: number): number {
    return this.#limits.reduce((sum, { at, perSecond }, index) => {
      const begin = Math.max(from, at);
      const end = Math.min(until, this.#limits[index + 1]?.at ?? until);
      return sum + (Math.max(0, end - begin) / 1000) * perSecond;
    }, 0);
  }
}
