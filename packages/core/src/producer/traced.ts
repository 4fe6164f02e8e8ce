import { SpanKind, type Telemetry, trace } from "bullmq";
import type { Queue } from "../define/queue.ts";
import type { EnqueueResult } from "./result.ts";

/** A span around an enqueue; its context goes with the job, as BullMQ's own `Queue.add` sends it. */
export async function traced(
  telemetry: Telemetry,
  queue: Pick<Queue, "name" | "limiter">,
  enqueue: (context: string) => Promise<EnqueueResult>,
): Promise<EnqueueResult> {
  return trace(telemetry, SpanKind.PRODUCER, queue.name, "add", queue.name, async (span, context) => {
    const result = await enqueue(context ?? "");
    span?.setAttributes({
      "headgate.limiter": queue.limiter.name,
      "headgate.level": result.level,
      ...(result.accepted
        ? { "headgate.admission": result.duplicate ? "duplicate" : "accepted" }
        : { "headgate.admission": "refused", "headgate.refusal.reason": result.reason }),
    });
    return result;
  });
}
