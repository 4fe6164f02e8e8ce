import type { Contender } from "../contender.ts";
import { recipe } from "./bullmq-recipe.ts";
import { peer } from "./peer.ts";

/** BullMQ's own limiter, set to the limit that the API really has: what no user knows. A 429 is met by the recipe. */
export const bullmqStatic: Contender = peer(({ url, scenario: { truth } }) => {
  if ("concurrency" in truth) {
    return {
      process: recipe(url),
      prepare: async (queue) => {
        await queue.setGlobalConcurrency(truth.concurrency);
      },
    };
  }
  return { process: recipe(url), worker: { limiter: { max: truth.max, duration: truth.durationMs } } };
});
