import type { Random } from "../random.ts";
import { type Api, refusedFor } from "./api.ts";

/** Each refusal is followed by this long a refusal of everything, and a call in that time starts it again. */
export function punishing(api: Api, penaltyMs: number): Api {
  let till = 0;
  return {
    call: (call) => {
      const verdict = call.at < till ? refusedFor(0) : api.call(call);
      if (verdict.accepted) return verdict;
      till = call.at + penaltyMs;
      return refusedFor(penaltyMs);
    },
    capacity: api.capacity,
    ...(api.cuts ? { cuts: api.cuts } : {}),
    ...(api.counters ? { counters: api.counters } : {}),
  };
}

export interface Neighbour {
  readonly fromMs: number;
  readonly tillMs: number;
  /** Calls per second, evenly spread but for a jitter. */
  readonly rate: number;
}

/** Somebody else calls the same API. */
export function shared(api: Api, { fromMs, tillMs, rate }: Neighbour, random: Random): Api {
  let next = fromMs;
  return {
    call: (call) => {
      while (next <= call.at && next < tillMs) {
        api.call({ at: next, endsAt: next, cost: { requests: 1 } });
        next += ((0.5 + random()) * 1_000) / rate;
      }
      return api.call(call);
    },
    capacity: (from, till, meanCost) =>
      api.capacity(from, till, meanCost) -
      (Math.max(0, Math.min(till, tillMs) - Math.max(from, fromMs)) * rate) / 1_000,
    ...(api.counters ? { counters: api.counters } : {}),
  };
}
