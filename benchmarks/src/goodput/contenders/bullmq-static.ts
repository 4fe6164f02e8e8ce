import type { Contender } from "../contender.ts";
import { call } from "./call.ts";
import { peer, type Way } from "./peer.ts";

/** A 429 is bad luck here, so the job comes back and the queue goes on: the recipe would hold everybody for a second. */
const RETRY = { attempts: 20, backoff: { type: "fixed", delay: 1_000 } };

const process =
  (url: string): Way["process"] =>
  async (job) => {
    if (!(await call(url, job.data)).accepted) throw new Error("429");
  };

/** BullMQ's own limiter, set to the limit that the API really has: what no user knows. */
export const bullmqStatic: Contender = peer(({ url, scenario: { truth } }) => {
  if ("concurrency" in truth) {
    return {
      process: process(url),
      prepare: async (queue) => {
        await queue.setGlobalConcurrency(truth.concurrency);
      },
    };
  }
  return { process: process(url), worker: { limiter: { max: truth.max, duration: truth.durationMs } } };
}, RETRY);
