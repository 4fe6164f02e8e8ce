import { AsyncLocalStorage } from "node:async_hooks";

/** Which limiter the current code runs a job of: a processor must not wait on a queue that its own run holds up. */
const running = new AsyncLocalStorage<string>();

export const runningOn = (): string | undefined => running.getStore();
export const runOn = <T>(limiterPrefix: string, run: () => Promise<T>): Promise<T> => running.run(limiterPrefix, run);
