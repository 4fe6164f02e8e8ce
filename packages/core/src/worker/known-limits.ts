import type { Hints } from "@headgate/hints";
import { type KnownLimit, NO_LIMITS } from "../bullmq/ending.ts";

/** APIs count requests and tokens, over a minute and a day; what is more than that is not worth its bytes in every ending. */
const LIMITS_MOST = 4;
/** A unit is written by a server: one that could not be declared either (define/options.ts) is not passed on. */
const UNIT = /^[A-Za-z0-9._-]{1,64}$/;

/** The counters that are about this caller: those of a resource that is shared with strangers say nothing of its own limit. */
export function ownLimits({ limits, scope }: Hints): readonly KnownLimit[] {
  if (limits.length === 0 || scope === "shared") return NO_LIMITS;
  const known: KnownLimit[] = [];
  for (const limit of limits) {
    if (!UNIT.test(limit.unit) || (limit.limit === undefined && limit.remaining === undefined)) continue;
    const at = known.findIndex((one) => isSame(one, limit));
    const other = known[at];
    if (other === undefined) known.push(limit);
    // Several counters of one kind (partitions): the one that ends first.
    else if (left(limit) < left(other)) known[at] = limit;
  }
  return known.slice(0, LIMITS_MOST);
}

/** What they say `ms` later. A counter that has started anew meanwhile says nothing any more. */
export function agedLimits(known: readonly KnownLimit[], ms: number): readonly KnownLimit[] {
  if (known.length === 0 || ms < 1) return known;
  return known.flatMap((one) => {
    if (one.resetMs === undefined) return one;
    const resetMs = Math.round(one.resetMs - ms);
    return resetMs > 0 ? { ...one, resetMs } : [];
  });
}

/** Where a run makes several calls, the newest answer of each unit and window counts. */
export function newestLimits(known: readonly KnownLimit[], heard: readonly KnownLimit[]): readonly KnownLimit[] {
  if (known.length === 0 || heard.length === 0) return heard.length === 0 ? known : heard;
  const older = known.filter((one) => !heard.some((newer) => isSame(one, newer)));
  return [...heard, ...older].slice(0, LIMITS_MOST);
}

const isSame = (a: KnownLimit, b: KnownLimit): boolean => a.unit === b.unit && a.windowMs === b.windowMs;

const left = ({ remaining = Number.POSITIVE_INFINITY }: KnownLimit): number => remaining;
