export type { QueueStatus } from "../control/status.ts";
export type { Connection } from "../redis/connection.ts";
export type { LevelChange } from "../signal/feed.ts";
export type { EnqueueOptions } from "./options.ts";
export { createProducer, Producer, type ProducerEvents } from "./producer.ts";
export type { Accepted, EnqueueResult, Level, RefusalReason, Refused } from "./result.ts";
export type { ProducerOptions } from "./settings.ts";
