import type { Api } from "./api/api.ts";
import type { History, Seen } from "./simulate.ts";

export interface Figures {
  readonly calls: number;
  readonly accepted: number;
  readonly throttled: number;
  /** Accepted calls over what the API accepts under saturating load in the same time, its initial burst left out. */
  readonly goodput: number;
  /** Throttled calls over all calls. */
  readonly throttledShare: number;
  readonly throttledInFirst5s: number;
  readonly throttledInFirstMinute: number;
  /** When the rate of accepted calls first reached nine tenths of the API's limit and stayed there for a while (ms); null: never. */
  readonly settleMs: number | null;
  /** Most jobs that had arrived and were not finished; null where there was always one. */
  readonly maxDepth: number | null;
}

/** Pure: what a history comes to, from `fromMs` after its start. */
export function measure({ calls, maxDepth }: History, api: Api, seconds: number, fromMs = 0): Figures {
  const tillMs = seconds * 1_000;
  const counted = calls.filter(({ at }) => at >= fromMs);
  const accepted = counted.filter((call) => call.accepted);
  const throttledBefore = (ms: number): number => count(counted, (call) => !call.accepted && call.at < fromMs + ms);
  const meanCost = meanOf(accepted);
  const throttled = counted.length - accepted.length;
  return {
    calls: counted.length,
    accepted: accepted.length,
    throttled,
    goodput: within(accepted, api, fromMs, tillMs, meanCost) / api.capacity(fromMs, tillMs, meanCost),
    throttledShare: counted.length === 0 ? 0 : throttled / counted.length,
    throttledInFirst5s: throttledBefore(5_000),
    throttledInFirstMinute: throttledBefore(60_000),
    settleMs: settledAt(accepted, api, fromMs, tillMs, meanCost),
    maxDepth,
  };
}

const SETTLED = 0.9;
/** Watched for this long, or for this many calls of the API's capacity if that is longer. */
const WATCH_LEAST_MS = 2_000;
const WATCH_CALLS = 30;

type Cost = Readonly<Record<string, number>>;

/** Accepted calls, of each part of the span no more than its share. */
function within(accepted: readonly Seen[], api: Api, fromMs: number, tillMs: number, meanCost: Cost): number {
  const cuts = api.cuts?.(fromMs, tillMs);
  if (!cuts) return accepted.length;
  return [...cuts, tillMs].reduce((sum, till, index) => {
    const from = cuts[index - 1] ?? fromMs;
    const had = count(accepted, ({ at }) => at >= from && at < till);
    return sum + Math.min(had, api.capacity(from, till, meanCost));
  }, 0);
}

function settledAt(accepted: readonly Seen[], api: Api, fromMs: number, tillMs: number, meanCost: Cost): number | null {
  const watchMs = Math.max(WATCH_LEAST_MS, (WATCH_CALLS * (tillMs - fromMs)) / api.capacity(fromMs, tillMs, meanCost));
  let first = 0;
  let next = 0;
  for (let at = fromMs; at + watchMs <= tillMs; at += 100) {
    while (first < accepted.length && (accepted[first]?.at ?? 0) < at) first++;
    while (next < accepted.length && (accepted[next]?.at ?? 0) < at + watchMs) next++;
    if (next - first >= SETTLED * api.capacity(at, at + watchMs, meanCost)) return at - fromMs;
  }
  return null;
}

function meanOf(calls: readonly Seen[]): Cost {
  const sums: Record<string, number> = {};
  for (const { cost } of calls) {
    for (const [unit, amount] of Object.entries(cost)) sums[unit] = (sums[unit] ?? 0) + amount;
  }
  return Object.fromEntries(Object.entries(sums).map(([unit, sum]) => [unit, sum / calls.length]));
}

const count = <T>(list: readonly T[], which: (item: T) => boolean): number =>
  list.reduce((sum, item) => sum + (which(item) ? 1 : 0), 0);
