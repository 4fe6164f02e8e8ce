import { isFetching } from "headgate/internal";
import type { Pulse } from "headgate/worker";

/** A process that has been silent for longer (ms) stands still, whatever its last word was. */
const SILENT_MS = 10_000;
/** … and when all have, restarting the whole fleet is the only way out. */
const DEAD_MS = 60_000;

export interface MemberView {
  readonly pulses: readonly Pulse[];
  /** When it was last heard of (epoch ms); its start, before its first word. */
  readonly heardAt: number;
}

export interface Readiness {
  readonly ready: boolean;
  /** Queues that no process takes jobs from. */
  readonly waiting: readonly string[];
}

/** Pure: the fleet is ready while each of its queues has a worker whose fetch loop turns. */
export function readinessOf(
  queues: readonly string[],
  members: readonly MemberView[],
  draining: boolean,
  now: number,
): Readiness {
  const fetched = new Set(
    members
      .filter(({ heardAt }) => now - heardAt < SILENT_MS)
      .flatMap(({ pulses }) => pulses.filter((pulse) => isFetching(pulse, now)).map(({ queue }) => queue)),
  );
  const waiting = queues.filter((queue) => !fetched.has(queue));
  return { ready: !draining && waiting.length === 0, waiting };
}

/** Pure: false when nothing has been heard of any process for a minute. */
export const isAlive = (members: readonly MemberView[], startedAt: number, now: number): boolean =>
  now - Math.max(startedAt, ...members.map(({ heardAt }) => heardAt)) < DEAD_MS;
