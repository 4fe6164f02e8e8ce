import { z } from "zod";
import type { LogEvent } from "./log-line.ts";

export interface TimedEvent extends LogEvent {
  /** Epoch ms on this machine's clock. */
  readonly at: number;
}

/** Of each line of `worker`: what happened, and figures and names about it, which differ by event. */
export const workerJson: z.ZodType<TimedEvent> = z
  .object({
    at: z.number(),
    event: z.enum([
      "listening",
      "starting",
      "ready",
      "completed",
      "deferred",
      "parked",
      "failed",
      "stalled",
      "lock-lost",
      "blocked",
      "error",
      "crashed",
      "died",
      "killed",
      "rolling",
      "rolled",
      "roll-failed",
      "giving-up",
      "draining",
      "closed",
    ]),
    queue: z.string().exactOptional(),
  })
  .catchall(z.union([z.string(), z.number(), z.boolean(), z.null()]));
