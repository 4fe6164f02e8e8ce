import { collectDefaultMetrics, Gauge, type Registry } from "prom-client";
import { countApi } from "./api-metrics.ts";
import { countRuns } from "./run-metrics.ts";
import { countWorkers } from "./worker-metrics.ts";

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
  const stops = [...countRuns(registry), ...countApi(registry), ...countWorkers(registry)];
  return () => {
    for (const stop of stops) stop();
  };
}

/** What runs: its value is always 1. */
export function showBuild(registry: Registry, versions: { readonly version: string; readonly bullmq: string }): void {
  new Gauge({
    name: "headgate_build_info",
    help: "Versions that run",
    labelNames: ["version", "bullmq_version", "node_version"],
    aggregator: "first",
    registers: [registry],
  }).set({ version: versions.version, bullmq_version: versions.bullmq, node_version: process.versions.node }, 1);
}

/**
 * The text that a scrape gets. `bullmq_job_count` keeps the name that BullMQ gives it; as a gauge `promtool check metrics` would
 * refuse that name, and queries do not see the type.
 */
export async function metricsText(registry: Registry): Promise<string> {
  return (await registry.metrics()).replace("# TYPE bullmq_job_count gauge", "# TYPE bullmq_job_count untyped");
}
