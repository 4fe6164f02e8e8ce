import { defineLimiter, defineQueue, type Queue } from "headgate";

export interface Call {
  /** How long it works after the API has answered. */
  readonly ms: number;
}

/** Declared, and a little below what the API takes: its answers arrive less evenly than permits are given. */
export const PERMITS_PER_SECOND = 100;

/** @param limited else only its slots bound what the fleet does */
export const chaosQueue = (namespace: string, limited = true): Queue<Call> =>
  defineQueue<Call>("calls", {
    limiter: defineLimiter("api", {
      namespace,
      adaptive: false,
      limits: limited ? [{ unit: "requests", amount: PERMITS_PER_SECOND, per: "1s" }] : [],
    }),
    capacity: 100_000,
    retention: { completed: { count: 1_000_000 }, failed: { count: 1_000_000 } },
  });

export interface Poison {
  readonly kind: "none" | "exit" | "loop" | "memory";
}

export const poisonQueue = (namespace: string): Queue<Poison> =>
  defineQueue<Poison>("poison", {
    limiter: defineLimiter("poison-api", { namespace, adaptive: false }),
    timeout: "4s",
    backoff: { type: "fixed", delay: 50 },
  });
