import { Worker } from "bullmq";
import type { Contender } from "../contender.ts";
import { call, RETRY_MS } from "./call.ts";
import { peer } from "./peer.ts";

/** The recipe needs a limiter to be set, and its user does not know what to set: one that never binds. */
const NEVER_BINDS = { max: 1_000_000, duration: 1_000 };

/** What BullMQ's guide tells for an API that says when to come back (docs.bullmq.io, "Manual rate-limit"). */
export const bullmqRecipe: Contender = peer(({ url }) => ({
  process: async (job, queue) => {
    const answer = await call(url, job.data);
    if (answer.accepted) return;
    await queue.rateLimit(answer.retryAfterMs ?? RETRY_MS);
    throw Worker.RateLimitError();
  },
  worker: { limiter: NEVER_BINDS },
}));
