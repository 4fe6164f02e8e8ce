import type { Place } from "./place.ts";
import type { LimiterStatus } from "./status.ts";

/** What is granted before a job, in the order of the turns, the job itself last. */
export interface Turns {
  /** Cost of each grant, in the order of the limiter's limits; of the first so many. */
  readonly costs: readonly (readonly number[])[];
  /** All of them: what stands further away is like those that are known. */
  readonly total: number;
  /** Which of the first so many are its own queue's. */
  readonly own: readonly number[];
}

/** A prediction over more grants goes on at the pace of the first so many: 2,000 take 2 ms to play. */
const MOST_PLAYED = 2_000;

/**
 * Pure: queues of one limiter take turns by what they were served, which is counted in shares of the scarcest limit; a
 * queue that was idle has a credit of one period (lua/lib/fair.lua).
 */
export function turnsOf(place: Place, limits: LimiterStatus["limits"]): Turns {
  const mine = place.ahead + returningFirst(place);
  const meanAhead = meanOf(place.line, place.cost);
  const costAt = (index: number): readonly number[] => (index === mine ? place.cost : (place.line[index] ?? meanAhead));
  const rivals = place.others.map(({ waiting, cost, served }) => ({ left: waiting, cost, served }));
  const costs: (readonly number[])[] = [];
  const own: number[] = [];
  let served = place.served;
  let done = 0;
  while (done <= mine && costs.length < MOST_PLAYED) {
    const before = rivals.reduce<(typeof rivals)[number] | null>(
      (least, rival) => (rival.left > 0 && rival.served < (least?.served ?? served) ? rival : least),
      null,
    );
    const cost = before === null ? costAt(done) : before.cost;
    const least = Math.min(
      ...(before === null ? [] : [served]),
      ...rivals.filter((rival) => rival !== before && rival.left > 0).map((rival) => rival.served),
    );
    const next = Math.max(before?.served ?? served, (Number.isFinite(least) ? least : 0) - 1) + weightOf(cost, limits);
    if (before === null) {
      served = next;
      done += 1;
      own.push(costs.length);
    } else {
      before.served = next;
      before.left -= 1;
    }
    costs.push(cost);
  }
  return {
    costs,
    own,
    total: done > mine ? costs.length : Math.round((costs.length * (mine + 1)) / Math.max(1, done)),
  };
}

/** Jobs that the API threw back come to the head of the line. */
export const returningFirst = ({ state, returningInMs }: Place): number =>
  state === "wait" || state === "prioritized" ? returningInMs.length : 0;

const meanOf = (line: Place["line"], own: readonly number[]): readonly number[] =>
  line.length === 0
    ? own
    : own.map((_, limit) => line.reduce((sum, cost) => sum + (cost[limit] ?? 0), 0) / line.length);

/** Share of the scarcest limit's period; 1 for what no limit counts. */
export function weightOf(cost: readonly number[], limits: LimiterStatus["limits"]): number {
  const weight = Math.max(0, ...limits.map(({ amount }, index) => (cost[index] ?? 0) / amount));
  return weight > 0 ? weight : 1;
}
