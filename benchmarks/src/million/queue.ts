import { defineLimiter, defineQueue, type Queue } from "headgate";

export const CAPACITY = 1_000;

export interface Item {
  readonly n: number;
  readonly text: string;
}

/** Nothing limits it but its capacity. */
export const queueIn = (namespace: string): Queue<Item, Item> =>
  defineQueue<Item>("million", {
    limiter: defineLimiter("million", { namespace, adaptive: false }),
    capacity: CAPACITY,
    retention: { completed: { count: 1_000 }, failed: { count: 1_000 } },
  });

/** About what a job is: an id, and a hundred bytes. */
export const itemOf = (n: number): Item => ({ n, text: "x".repeat(100) });
