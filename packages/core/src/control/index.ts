export type { Connection } from "../redis/connection.ts";
export type { Cause, WaitCause } from "./causes.ts";
export { Control, type ControlOptions, createControl, type LimitChange, type PauseOptions } from "./control.ts";
export type { Explanation } from "./explain.ts";
export type { FailedJob, FailedOptions } from "./failed.ts";
export type { Moved } from "./move.ts";
export type { JobState } from "./place.ts";
export type { LimiterStatus, QueueStatus } from "./status.ts";
