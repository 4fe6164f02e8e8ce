import { setTimeout as sleep } from "node:timers/promises";
import { DefaultRateLimiter, MAXIMUM_RETRY_DELAY, THROTTLING_RETRY_DELAY_BASE } from "@smithy/core/retry";
import type { Contender } from "../contender.ts";
import { call } from "./call.ts";
import { peer } from "./peer.ts";

/**
 * The rate limiter of AWS SDKs' "adaptive" retry mode, as it ships (CUBIC on the measured sending rate), one per process. Retries
 * wait as its standard strategy does: full jitter, or Retry-After where that is longer; but they never give up.
 */
export const awsAdaptive: Contender = peer(({ url }) => {
  const limiter = new DefaultRateLimiter();
  return {
    process: async (job, _, signal) => {
      for (let attempt = 0; ; attempt++) {
        await limiter.getSendToken();
        signal.throwIfAborted();
        const answer = await call(url, job.data);
        if (answer.accepted) {
          limiter.updateClientSendingRate({});
          return;
        }
        limiter.updateClientSendingRate({ errorType: "THROTTLING" });
        await sleep(Math.max(backoffMs(attempt), answer.retryAfterMs ?? 0), undefined, { signal });
      }
    },
  };
});

const backoffMs = (attempt: number): number =>
  Math.random() * Math.min(MAXIMUM_RETRY_DELAY, THROTTLING_RETRY_DELAY_BASE * 2 ** attempt);
