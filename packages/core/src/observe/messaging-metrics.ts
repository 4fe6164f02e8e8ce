import type { Attributes, Meter } from "@opentelemetry/api";
import { RUN_SECONDS } from "./buckets.ts";
import { admissions, runs } from "./channels.ts";

/** Pure: whether OTEL_SEMCONV_STABILITY_OPT_IN, a list of conventions, asks for those of messaging. */
export const wantsMessaging = (optIn = ""): boolean =>
  optIn.split(",").some((name) => ["messaging", "messaging/dup"].includes(name.trim()));

type Operation = "send" | "receive" | "process";

function attributesOf(queue: string, operation: Operation, error: string): Attributes {
  return {
    "messaging.system": "bullmq",
    "messaging.destination.name": queue,
    "messaging.operation.type": operation,
    "messaging.operation.name": operation,
    ...(error === "" ? {} : { "error.type": error }),
  };
}

/**
 * OpenTelemetry's metrics of messaging systems (in development), for dashboards that show any of them.
 * `error.type` is why an enqueue was refused, or what became of the run. Answers how to stop.
 */
export function countMessages(meter: Meter): (() => void)[] {
  const sent = meter.createCounter("messaging.client.sent.messages", {
    description: "Number of messages producer attempted to send to the broker",
    unit: "{message}",
  });
  const consumed = meter.createCounter("messaging.client.consumed.messages", {
    description: "Number of messages that were delivered to the application",
    unit: "{message}",
  });
  const took = meter.createHistogram("messaging.process.duration", {
    description: "Duration of processing operation",
    unit: "s",
    advice: { explicitBucketBoundaries: [...RUN_SECONDS] },
  });
  return [
    admissions.watch(({ queue, reason }) => sent.add(1, attributesOf(queue, "send", reason))),
    runs.watch(({ queue, outcome, reason, runMs }) => {
      consumed.add(1, attributesOf(queue, "receive", ""));
      // The convention's word for an error without a type of its own.
      const error = outcome === "completed" ? "" : (reason ?? "_OTHER");
      took.record(runMs / 1_000, attributesOf(queue, "process", error));
    }),
  ];
}
