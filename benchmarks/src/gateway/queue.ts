import { defineLimiter, defineQueue, type Queue } from "headgate";

/** What the API behind the queue takes (jobs/s); the offered load is a multiple of it. */
export const RATE = 50;
/** Four seconds of work. */
const CAPACITY = 200;

export const queueIn = (namespace: string): Queue =>
  defineQueue("overload", {
    limiter: defineLimiter("api", {
      namespace,
      adaptive: false,
      limits: [{ unit: "requests", amount: RATE, per: "1s" }],
    }),
    capacity: CAPACITY,
  });
