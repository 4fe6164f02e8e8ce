import type { Pulse } from "headgate/worker";
import type { MetricObject } from "prom-client";
import type { LogEvent } from "./log-line.ts";
import type { ServedQueue } from "./served.ts";

/** What a process of the fleet tells its supervisor. */
export type Told =
  | { readonly told: "ready" }
  /** Its config as it has read it, before anything else. */
  | { readonly told: "serves"; readonly queues: readonly ServedQueue[] }
  | { readonly told: "beat"; readonly pulses: readonly Pulse[] }
  | { readonly told: "metrics"; readonly metrics: readonly MetricObject[] }
  /** Errors go through the supervisor, which keeps them to one a second for the whole fleet. */
  | { readonly told: "trouble"; readonly kind: string; readonly event: LogEvent };

/** What the supervisor tells a process of the fleet. */
export type Order = { readonly order: "drain"; readonly signal: string } | { readonly order: "metrics" };

export const isTold = (message: unknown): message is Told =>
  typeof message === "object" && message !== null && "told" in message;

export const isOrder = (message: unknown): message is Order =>
  typeof message === "object" && message !== null && "order" in message;

/** Resolves when it has left this process. */
export function tell(told: Told): Promise<void> {
  return new Promise((resolve) => {
    if (process.send === undefined || !process.connected) resolve();
    else process.send(told, undefined, undefined, () => resolve());
  });
}
