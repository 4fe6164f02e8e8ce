import type { Meter } from "@opentelemetry/api";
import { countMessages, wantsMessaging } from "./messaging-metrics.ts";
import { opentelemetry } from "./opentelemetry.ts";
import { showProcess, showVersions, type Versions } from "./process-metrics.ts";
import { type QueueMetricsOptions, RedisState } from "./redis-state.ts";

export type { Versions } from "./process-metrics.ts";
export type { QueueMetricsOptions } from "./redis-state.ts";

export interface MeterOptions {
  /**
   * Also the metrics that OpenTelemetry defines for all messaging systems, which are not stable yet: `messaging.client.sent.messages`,
   * `messaging.client.consumed.messages`, `messaging.process.duration`. Default: whether OTEL_SEMCONV_STABILITY_OPT_IN names
   * `messaging` or `messaging/dup`.
   */
  readonly messaging?: boolean;
}

/**
 * Counts what Headgate does in this process, in every worker and producer of it, from now on, on a meter such as
 * `metrics.getMeter("headgate")`. Nothing has to be wired. Answers how to stop.
 */
export function observeProcess(meter: Meter, options: MeterOptions = {}): () => void {
  const { messaging = wantsMessaging(process.env["OTEL_SEMCONV_STABILITY_OPT_IN"]) } = options;
  const { instruments, stop } = opentelemetry(meter);
  const stops = [showProcess(instruments), stop, ...(messaging ? countMessages(meter) : [])];
  return () => {
    for (const each of stops) each();
  };
}

export interface QueueObservation {
  /** Stops, and disconnects. */
  close(): Promise<void>;
}

/**
 * Queues, limiters and Redis itself, read from Redis at each collection, in at most 750 ms: one process of a fleet is enough. Without
 * Redis, `headgate.redis.up` is 0 and all else as it last was.
 */
export function observeQueues(meter: Meter, options: QueueMetricsOptions): QueueObservation {
  const state = new RedisState(options);
  const { instruments, stop } = opentelemetry(meter, () => state.refresh());
  state.show(instruments);
  return {
    close: () => {
      stop();
      return state.close();
    },
  };
}

/** What runs: its value is always 1. */
export function showBuild(meter: Meter, versions: Versions): void {
  showVersions(opentelemetry(meter).instruments, versions);
}
