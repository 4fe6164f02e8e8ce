import type { Level } from "headgate/producer";
import type { Account } from "./guard.ts";

/** What the processes of the demo tell the supervisor over IPC. It tells them one thing: stop. */
export type ApiSays = { readonly type: "ready"; readonly url: string; readonly controlUrl: string };

export type ProducerSays =
  | { readonly type: "ready"; readonly documents: number }
  | ({ readonly type: "state" } & ProducerState)
  | { readonly type: "done"; readonly ids: readonly string[]; readonly state: ProducerState };

export type WorkerSays =
  | { readonly type: "ready" }
  | { readonly type: "failed"; readonly id: string; readonly error: string }
  | { readonly type: "done"; readonly deferred: number };

export const STOP = "stop";

export interface ProducerState {
  readonly enqueued: number;
  /** How long it stood still in all, and since when it does now (epoch ms). */
  readonly waitedMs: number;
  readonly waitingSince: number | null;
  readonly longestWaitMs: number;
  /** As pushed to it. */
  readonly level: Level;
  readonly levelChanges: number;
}

/** What the API answers on its control port: the supervisor asks, the fleet knows nothing of it. */
export interface ApiReport {
  readonly firstCallAt: number | null;
  readonly lastAcceptedAt: number | null;
  readonly perSecond: number;
  readonly lastSecond: { readonly accepted: number; readonly throttled: number };
  /** From the first call until now, or until the time that was asked for. */
  readonly account: Account;
  /** Answers to documents that had one already. */
  readonly repeated: number;
}
