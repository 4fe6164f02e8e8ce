/** How a worker is, now. */
export interface Pulse {
  readonly queue: string;
  /** `paused`: its last fetch found the queue paused, at most some 10 s ago. */
  readonly state: "starting" | "running" | "paused" | "draining" | "closed";
  /** Jobs that it may run at once. */
  readonly slots: number;
  readonly busy: number;
  /** When Redis last answered its fetch loop (epoch ms); 0 before the first time. */
  readonly lastFetchAt: number;
}

/** An idle worker asks at least every 10 s: BullMQ's longest blocking wait. */
const STALE_MS = 15_000;

/** Pure: a worker that takes jobs, judged by its fetch loop and not by whether Redis answers somebody else. */
export const isFetching = ({ state, slots, busy, lastFetchAt }: Pulse, now: number): boolean =>
  (state === "running" || state === "paused") && lastFetchAt > 0 && (busy >= slots || now - lastFetchAt < STALE_MS);

const watched = new Set<() => Pulse>();

/** Until the answer is called, `pulses()` has this worker's. */
export function hasPulse(pulse: () => Pulse): () => void {
  watched.add(pulse);
  return () => void watched.delete(pulse);
}

/** Of all workers in this process. */
export const pulses = (): Pulse[] => Array.from(watched, (pulse) => pulse());
