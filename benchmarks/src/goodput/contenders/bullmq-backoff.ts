import type { Contender } from "../contender.ts";
import { call } from "./call.ts";
import { peer } from "./peer.ts";

/** More than most people set: the tenth attempt comes 17 minutes after the first, so hardly any job fails within a run. */
const ATTEMPTS = 10;
const FIRST_DELAY_MS = 1_000;

/** A 429 is an error like any other: the job tries again later, later still the next time. Half of each delay is jitter. */
export const bullmqBackoff: Contender = peer(
  ({ url }) => ({
    process: async (job) => {
      if (!(await call(url, job.data)).accepted) throw new Error("429");
    },
  }),
  { attempts: ATTEMPTS, backoff: { type: "exponential", delay: FIRST_DELAY_MS, jitter: 0.5 } },
);
