import { AsyncLocalStorage } from "node:async_hooks";

/** Which limiter the current code runs a job of: a processor must not wait on a queue that its own run holds up. */
const running = new AsyncLocalStorage<string>();

/** The limiters that a producer of this process may wait for, and how many do. */
const waited = new Map<string, number>();

/**
 * Following a run through its promises costs every promise of the process: 3 % of a no-op job. So it is done only for
 * limiters that somebody in this process enqueues to.
 */
export function followRuns(limiterPrefix: string): () => void {
  waited.set(limiterPrefix, (waited.get(limiterPrefix) ?? 0) + 1);
  return () => {
    const left = (waited.get(limiterPrefix) ?? 1) - 1;
    if (left > 0) waited.set(limiterPrefix, left);
    else waited.delete(limiterPrefix);
  };
}

export const runningOn = (): string | undefined => (waited.size > 0 ? running.getStore() : undefined);

export const runOn = <T>(limiterPrefix: string, run: () => T): T =>
  waited.has(limiterPrefix) ? running.run(limiterPrefix, run) : run();
