import type { Queue } from "headgate";
import type { LoadedConfig } from "../config/load.ts";
import type { WorkerFlags } from "./start-worker.ts";

const DEFAULT_SLOTS = 10;

/** A queue that a process of the fleet runs, as plain data: so a process that has read the config anew tells its supervisor. */
export interface ServedQueue {
  readonly definition: Queue;
  /** Jobs at once in one process. */
  readonly slots: number;
}

/** Pure. What is no plain data (a schema, a cost function) stays behind: figures and readiness do not need it. */
export function servedBy(
  { queues }: Pick<LoadedConfig, "queues">,
  names: readonly string[],
  { concurrency }: Pick<WorkerFlags, "concurrency">,
): readonly ServedQueue[] {
  return names.flatMap((name) => {
    const entry = queues.get(name);
    if (entry === undefined) return [];
    const slots = concurrency ?? entry.concurrency ?? DEFAULT_SLOTS;
    return [{ definition: { ...entry.queue, payload: null }, slots }];
  });
}

export const namesOf = (served: readonly ServedQueue[]): readonly string[] =>
  served.map(({ definition }) => definition.name);

/** Pure: what a line of the log says of a config that was read anew; null where nothing that shows has changed. */
export function changesOf(
  before: readonly ServedQueue[],
  after: readonly ServedQueue[],
): { readonly added: string; readonly removed: string; readonly resized: string } | null {
  const slots = new Map(before.map((queue) => [queue.definition.name, queue.slots]));
  const stay = new Set(namesOf(after));
  const added = namesOf(after).filter((name) => !slots.has(name));
  const removed = namesOf(before).filter((name) => !stay.has(name));
  const resized = after.filter(({ definition: { name }, slots: now }) => slots.has(name) && slots.get(name) !== now);
  if (added.length + removed.length + resized.length === 0) return null;
  const resizes = resized.map(({ definition: { name }, slots: now }) => `${name}:${slots.get(name)}->${now}`);
  return { added: added.join(","), removed: removed.join(","), resized: resizes.join(",") };
}
