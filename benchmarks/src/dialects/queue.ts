import { defineLimiter, defineQueue, type Queue } from "headgate";
import type { Dialect } from "./dialect.ts";

/** Jobs that wait at most: always some, and a run leaves few behind. */
const BACKLOG = 1_000;

/** Nothing is declared but the provider: what the fleet knows of the limit the API has said. */
export const queueOf = (namespace: string, { provider, cost }: Dialect): Queue<number, number> =>
  defineQueue<number>("calls", {
    limiter: defineLimiter("api", { namespace, ...(provider === undefined ? {} : { provider }) }),
    capacity: BACKLOG,
    deferrals: { max: 1_000 },
    ...(cost === undefined ? {} : { cost: { cost } }),
  });
