export { metricsText, observeProcess, type ProcessMetricsOptions, showBuild } from "./process-metrics.ts";
export { observeQueues, type QueueMetrics, type QueueMetricsOptions } from "./queue-metrics.ts";
