import { setTimeout as sleep } from "node:timers/promises";
import { type Contender, PROCESSES } from "../contender.ts";
import { call, RETRY_MS } from "./call.ts";
import { peer } from "./peer.ts";

/** Calls per second of the fleet at first. */
const START = 20;
const LEAST = 0.1;
const MOST = 10_000;

/** A rate that doubles back at every 429 and grows at every success, and a pacer that keeps it. */
export class Aimd {
  #rate: number;
  #nextAt = 0;
  #shutUntil = 0;

  constructor(start: number) {
    this.#rate = start;
  }

  get rate(): number {
    return this.#rate;
  }

  /** How long (ms) from `now` the next call waits. It has its place then. */
  place(now: number): number {
    const at = Math.max(now, this.#nextAt, this.#shutUntil);
    this.#nextAt = at + 1_000 / this.#rate;
    return at - now;
  }

  succeeded(): void {
    this.#rate = Math.min(MOST, this.#rate * 1.05);
  }

  throttled(now: number, retryAfterMs: number): void {
    this.#rate = Math.max(LEAST, this.#rate * 0.5);
    this.#shutUntil = Math.max(this.#shutUntil, now + retryAfterMs);
  }

  /** Whoever has had its place before the 429 waits, too. */
  isShut(now: number): boolean {
    return now < this.#shutUntil;
  }
}

/** ×0.5 on a 429, ×1.05 on a success, per process; Retry-After holds the process back. */
export const aimd: Contender = peer(({ url }) => {
  const rate = new Aimd(START / PROCESSES);
  return {
    process: async (job, _, signal) => {
      for (;;) {
        do await sleep(rate.place(performance.now()), undefined, { signal });
        while (rate.isShut(performance.now()));
        const answer = await call(url, job.data);
        if (answer.accepted) return rate.succeeded();
        rate.throttled(performance.now(), answer.retryAfterMs ?? RETRY_MS);
      }
    },
  };
});
