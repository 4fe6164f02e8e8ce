import type { Provider } from "@headgate/hints";
import type { RequestSeen } from "../../observe/channels.ts";
import type { Verdict } from "../classify.ts";

/** What a sandbox is given for one run. */
export interface SandboxTask {
  readonly payload: unknown;
  readonly id: string;
  readonly queue: string;
  readonly attempt: number;
  readonly deferrals: number;
  readonly enqueuedAt: number;
  /** By what its API's answers are read; plain data. */
  readonly provider: Provider | null;
}

/** How a run in a sandbox ended, as plain JSON. */
export interface SandboxEnding {
  readonly result: unknown;
  /** What it let out; null when it returned. Errors of client libraries lose their shape on the way, so they are read there. */
  readonly thrown: {
    readonly name: string;
    readonly message: string;
    readonly stack: string;
    readonly verdict: Verdict;
  } | null;
  readonly heard: Verdict;
  readonly spent: Readonly<Record<string, number>> | null;
  readonly calls: readonly RequestSeen[];
}
