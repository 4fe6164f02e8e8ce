/** How often the event loop shows that it turns (ms). */
const BEAT_MS = 500;
/** A beat later than this is worth a word (ms): half of that again, and locks are renewed late. */
export const BLOCKED_MS = 1_000;

type Heard = (blockedMs: number) => void;

const listeners = new Set<Heard>();
let timer: NodeJS.Timeout | undefined;
let due = 0;

/**
 * Tells when this process' event loop stood still for longer than a second: then locks are not renewed, and a job may run
 * twice. One timer for all of a process' workers. Answers how to stop.
 */
export function watchEventLoop(heard: Heard): () => void {
  listeners.add(heard);
  if (timer === undefined) {
    due = performance.now() + BEAT_MS;
    timer = setInterval(beat, BEAT_MS).unref();
  }
  return () => {
    listeners.delete(heard);
    if (listeners.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  };
}

function beat(): void {
  const now = performance.now();
  const lateMs = Math.round(now - due);
  due = now + BEAT_MS;
  if (lateMs > BLOCKED_MS) for (const heard of listeners) heard(lateMs);
}
