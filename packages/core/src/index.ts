// Definitions: what producers and workers both import.
export { type Duration, parseDuration } from "./define/duration.ts";
export { defineLimiter, type Limit, type Limiter, type LimiterOptions, type LimitOptions } from "./define/limiter.ts";
export { type Cost, defineQueue, type Queue, type QueueOptions, type Retention } from "./define/queue.ts";
export type { StandardIssue, StandardResult, StandardSchema } from "./define/standard-schema.ts";
// Errors: recognised by code.
export { type ErrorCode, errorTable, HeadgateError, isHeadgateError } from "./errors.ts";
export type { Connection } from "./redis/connection.ts";
