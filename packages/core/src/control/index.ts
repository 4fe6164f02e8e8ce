export type { Connection } from "../redis/connection.ts";
export { Control, type ControlOptions, createControl, type LimitChange, type PauseOptions } from "./control.ts";
export type { Explanation, JobState, WaitCause } from "./explain.ts";
export type { LimiterStatus, QueueStatus } from "./status.ts";
