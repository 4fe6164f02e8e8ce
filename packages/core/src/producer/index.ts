export type { QueueStatus } from "../control/status.ts";
export type { Connection } from "../redis/connection.ts";
export type { LevelChange } from "../signal/feed.ts";
export type { FlowIds, FlowNode, FlowResult, TypedFlow } from "./flow.ts";
export type { EnqueueOptions, ManyOptions } from "./options.ts";
export {
  createProducer,
  type FlowOptions,
  Producer,
  type ProducerEvents,
  type StreamOptions,
} from "./producer.ts";
export type { Accepted, EnqueueResult, Level, RefusalReason, Refused } from "./result.ts";
export type { Scheduled, ScheduleOptions } from "./schedule.ts";
export type { ProducerOptions } from "./settings.ts";
