import { readdirSync } from "node:fs";
import { setPriority } from "node:os";

/** A tenth of the share of a process at 0, where there is less than everybody wants. */
const GENTLE = 10;
/** For so long at most (ms). A host on which it takes longer is full with others, and one more hurts nobody: rolled at load 20, a process took 28 s. */
const GENTLE_MOST_MS = 4_000;

/** Only root may take back what it gave away. */
const mayTakeBack = (): boolean => process.getuid?.() === 0;

/**
 * A process that starts beside others that work needs 0.7 s of CPU to load: on a busy host with two cores the fleet's throughput
 * dipped by a third while it was rolled. Answers how to end it.
 */
export function startGently(pid: number): () => void {
  if (!mayTakeBack()) return () => undefined;
  prioritise(pid, GENTLE);
  const workFully = (): void => {
    clearTimeout(timer);
    prioritise(pid, 0);
  };
  const timer = setTimeout(workFully, GENTLE_MOST_MS).unref();
  return workFully;
}

function prioritise(pid: number, priority: number): void {
  for (const thread of threadsOf(pid)) {
    try {
      setPriority(thread, priority);
    } catch {
      // It has ended already.
    }
  }
}

/** Linux keeps a priority for each thread, and a thread begins with that of the one that made it. */
function threadsOf(pid: number): readonly number[] {
  try {
    return readdirSync(`/proc/${pid}/task`).map(Number);
  } catch {
    return [pid];
  }
}
