import { SpanKind, type Telemetry, trace } from "bullmq";
import type { Queue } from "../define/queue.ts";
import type { EnqueueResult } from "./result.ts";

type Traced = Pick<Queue, "name" | "limiter">;

/**
 * A span around an enqueue, called as BullMQ calls its own of `Queue.add` and `FlowProducer.add`; its context goes with the job, or
 * with each job of a flow.
 */
export async function tracedEnqueue<Result extends EnqueueResult>(
  telemetry: Telemetry,
  queue: Traced,
  operation: "add" | "addFlow",
  enqueue: (context: string) => Promise<Result>,
): Promise<Result> {
  return trace(telemetry, SpanKind.PRODUCER, queue.name, operation, queue.name, async (span, context) => {
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

/** A span around the start of a schedule; its context goes with every iteration. */
export async function tracedSchedule<Result>(
  telemetry: Telemetry,
  queue: Traced,
  id: string,
  start: (context: string) => Promise<Result>,
): Promise<Result> {
  return trace(telemetry, SpanKind.PRODUCER, queue.name, "schedule", queue.name, async (span, context) => {
    span?.setAttributes({ "headgate.limiter": queue.limiter.name, "headgate.schedule.id": id });
    return start(context ?? "");
  });
}
