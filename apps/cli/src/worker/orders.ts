import cluster from "node:cluster";
import { isOrder } from "./messages.ts";

export interface Orders {
  /** Aborted when it is to drain. */
  readonly signal: AbortSignal;
  /** Resolves with the signal that said so, to it or to its supervisor. */
  readonly drain: Promise<string>;
}

/**
 * What a process of the fleet listens to. It drains when its supervisor says so or is gone, and at a SIGTERM of its own
 * (systemd sends one to every process of a service). Ctrl-C reaches it too: what it means, the supervisor decides.
 */
export function takeOrders(giveFigures: () => void): Orders {
  const draining = new AbortController();
  const drain = new Promise<string>((resolve) => {
    const stop = (why: string): void => {
      draining.abort();
      resolve(why);
    };
    process.on("message", (message: unknown) => {
      if (!isOrder(message)) return;
      if (message.order === "metrics") giveFigures();
      else stop(message.signal);
    });
    process.on("SIGTERM", () => stop("SIGTERM"));
    process.on("disconnect", () => stop("supervisor gone"));
    for (const name of ["SIGINT", "SIGHUP"] as const) process.on(name, () => undefined);
  });
  // Else node:cluster ends this process at once when the supervisor is gone, with all its jobs in its hands.
  if (cluster.worker) cluster.worker.exitedAfterDisconnect = true;
  return { signal: draining.signal, drain };
}
