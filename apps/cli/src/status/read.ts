import type { Control, LimiterStatus, QueueStatus } from "headgate/control";
import type { LoadedConfig } from "../config/load.ts";

/** Every limiter and queue of the config at one moment; what `status --json` prints. */
export interface Status {
  /** Epoch milliseconds on this machine's clock. */
  readonly at: number;
  readonly limiters: readonly LimiterStatus[];
  readonly queues: readonly QueueStatus[];
}

export async function readStatus(
  control: Pick<Control, "status">,
  config: Pick<LoadedConfig, "queues" | "limiters">,
): Promise<Status> {
  const [limiters, queues] = await Promise.all([
    Promise.all([...config.limiters.values()].map((limiter) => control.status(limiter))),
    Promise.all([...config.queues.values()].map(({ queue }) => control.status(queue))),
  ]);
  return { at: Date.now(), limiters, queues };
}
