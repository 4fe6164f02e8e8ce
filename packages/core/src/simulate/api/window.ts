import { ACCEPTED, type Api, refusedFor } from "./api.ts";

interface Window {
  readonly limit: number;
  readonly perMs: number;
}

const capacityOf =
  ({ limit, perMs }: Window): Api["capacity"] =>
  (fromMs, tillMs) =>
    ((tillMs - fromMs) * limit) / perMs;

/** Counts in windows that follow each other; the first one is `phase` (0 to 1) of a window old at the start. */
export function fixedWindow({ limit, perMs, phase = 0 }: Window & { phase?: number }): Api {
  let current = -1;
  let used = 0;
  return {
    call: ({ at }) => {
      const window = Math.floor(at / perMs + phase);
      if (window !== current) {
        current = window;
        used = 0;
      }
      if (used < limit) {
        used++;
        return ACCEPTED;
      }
      return refusedFor((window + 1 - phase) * perMs - at);
    },
    capacity: capacityOf({ limit, perMs }),
    counters: (at) => {
      const window = Math.floor(at / perMs + phase);
      const remaining = window === current ? limit - used : limit;
      return [{ unit: "requests", limit, remaining, resetMs: (window + 1 - phase) * perMs - at, windowMs: perMs }];
    },
    cuts: (fromMs, tillMs) => {
      const cuts: number[] = [];
      const first = (Math.floor(fromMs / perMs + phase) + 1 - phase) * perMs;
      for (let at = first; at < tillMs; at += perMs) cuts.push(at);
      return cuts;
    },
  };
}

/** Remembers when each accepted call came: in any window of this length no more than `limit`. */
export function slidingWindow({ limit, perMs }: Window): Api {
  const accepted: number[] = [];
  return {
    call: ({ at }) => {
      while (accepted.length > 0 && (accepted[0] ?? 0) <= at - perMs) accepted.shift();
      if (accepted.length < limit) {
        accepted.push(at);
        return ACCEPTED;
      }
      return refusedFor((accepted[0] ?? at) + perMs - at);
    },
    capacity: capacityOf({ limit, perMs }),
    counters: (at) => [
      {
        unit: "requests",
        limit,
        remaining: limit - accepted.length,
        resetMs: (accepted[0] ?? at - perMs) + perMs - at,
        windowMs: perMs,
      },
    ],
  };
}
