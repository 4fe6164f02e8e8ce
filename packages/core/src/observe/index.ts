export type { Versions } from "./process-metrics.ts";
export type { QueueMetricsOptions } from "./redis-state.ts";
export {
  metricsText,
  observeProcess,
  observeQueues,
  type ProcessMetricsOptions,
  type QueueMetrics,
  showBuild,
} from "./registry.ts";
