import { defineLimiter, defineQueue, type Limiter, type Queue } from "headgate";

/** What parent and children agree on. */
export interface Setting {
  readonly connection: string;
  readonly namespace: string;
  /** What the API takes (jobs/s). */
  readonly rate: number;
  readonly capacity: number;
}

export function defined({ namespace, rate, capacity }: Setting): { readonly limiter: Limiter; readonly queue: Queue } {
  const limiter = defineLimiter("api", {
    namespace,
    adaptive: false,
    limits: [{ unit: "requests", amount: rate, per: "1s" }],
  });
  // A gate that is shut for more than a second closes the queue: what a Retry-After does.
  return {
    limiter,
    queue: defineQueue("jobs", { limiter, capacity, maxWait: "1s", throttledHigh: 1, throttledLow: 0.9 }),
  };
}
