export type { Pulse } from "../observe/pulse.ts";
export type { Connection } from "../redis/connection.ts";
export { ThrottledError, throttled } from "./classify.ts";
export type { FetchInit, JobContext, JobInfo } from "./context.ts";
export type { WorkerEvents } from "./events.ts";
export type { WorkerOptions } from "./options.ts";
export type { Processor } from "./run-job.ts";
export type { SandboxOptions } from "./sandbox/sandbox.ts";
export { createWorker, HeadgateWorker as Worker } from "./worker.ts";
