export type { Connection } from "../redis/connection.ts";
export type { ChildResult } from "./children.ts";
export { ThrottledError, throttled } from "./classify.ts";
export type { FetchInit, JobContext, JobInfo } from "./context.ts";
export type { Processor } from "./run-job.ts";
export { createWorker, HeadgateWorker as Worker, type WorkerEvents, type WorkerOptions } from "./worker.ts";
