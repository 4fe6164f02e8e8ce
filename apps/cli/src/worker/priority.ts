import { setPriority } from "node:os";

/** A third of the share of a process at 0, where there is less than everybody wants. */
const GENTLE = 5;

/** Only root may take back what it gave away. */
const mayTakeBack = (): boolean => process.getuid?.() === 0;

/**
 * A process that starts beside others that work needs 0.7 s of CPU to load: on a busy host with two cores the fleet's throughput
 * dipped by a third while it was rolled.
 */
export function startGently(pid: number): void {
  if (mayTakeBack()) prioritise(pid, GENTLE);
}

export function workFully(pid: number): void {
  if (mayTakeBack()) prioritise(pid, 0);
}

function prioritise(pid: number, priority: number): void {
  try {
    setPriority(pid, priority);
  } catch {
    // It has ended already.
  }
}
