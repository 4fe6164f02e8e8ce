import { insertSorted } from "../order.ts";
import { ACCEPTED, type Api, refusedFor } from "./api.ts";

/** Accepts a call while fewer than `limit` are being answered. */
export function concurrencyLimit({ limit, meanMs }: { limit: number; meanMs: number }): Api {
  const ends: number[] = [];
  return {
    call: ({ at, endsAt }) => {
      while (ends.length > 0 && (ends[0] ?? 0) <= at) ends.shift();
      if (ends.length >= limit) return refusedFor((ends[0] ?? at) - at);
      insertSorted(ends, endsAt, (each) => each);
      return ACCEPTED;
    },
    capacity: (fromMs, tillMs) => ((tillMs - fromMs) * limit) / meanMs,
  };
}
