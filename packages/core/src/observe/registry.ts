import { collectDefaultMetrics, type Registry } from "prom-client";
import { showProcess, showVersions, type Versions } from "./process-metrics.ts";
import { prometheus } from "./prometheus.ts";
import { type QueueMetricsOptions, RedisState } from "./redis-state.ts";

/** Gauges of prom-client's whose names end like a counter's: `promtool check metrics` refuses them. */
const MISNAMED = ["nodejs_active_handles_total", "nodejs_active_requests_total", "nodejs_active_resources_total"];

export interface ProcessMetricsOptions {
  /** Also `process_*` and `nodejs_*` of prom-client; default true. */
  readonly defaults?: boolean;
}

/**
 * Counts what Headgate does in this process, in every worker and producer of it, from now on: runs, deferrals, calls of the API,
 * admissions, Redis. Nothing has to be wired. Answers how to stop.
 */
export function observeProcess(registry: Registry, { defaults = true }: ProcessMetricsOptions = {}): () => void {
  if (defaults) {
    collectDefaultMetrics({ register: registry });
    for (const name of MISNAMED) registry.removeSingleMetric(name);
  }
  return showProcess(prometheus(registry));
}

export interface QueueMetrics {
  /** Reads everything from Redis; before each scrape. Never fails, and never takes longer than 750 ms: without Redis,
   * `headgate_redis_up` is 0 and all else as it last was. */
  refresh(): Promise<void>;
  close(): Promise<void>;
}

/** Queues, limiters and Redis itself, as Redis has them: one process of a fleet is enough to ask. */
export function observeQueues(registry: Registry, options: QueueMetricsOptions): QueueMetrics {
  const state = new RedisState(options);
  state.show(prometheus(registry));
  return state;
}

/** What runs: its value is always 1. */
export function showBuild(registry: Registry, versions: Versions): void {
  showVersions(prometheus(registry), versions);
}

/**
 * The text that a scrape gets. `bullmq_job_count` keeps the name that BullMQ gives it; as a gauge `promtool check metrics` would
 * refuse that name, and queries do not see the type.
 */
export async function metricsText(registry: Registry): Promise<string> {
  return (await registry.metrics()).replace("# TYPE bullmq_job_count gauge", "# TYPE bullmq_job_count untyped");
}
