import type { Telemetry } from "bullmq";
import { z } from "zod";
import { type Duration, durationSchema } from "../define/duration.ts";
import { parseOptions } from "../define/options.ts";
import type { Connection } from "../redis/connection.ts";
import type { SandboxOptions } from "./sandbox/sandbox.ts";

export interface WorkerOptions {
  readonly connection: Connection;
  /** Jobs at once in this worker; default 10. The limiter's own concurrency counts over the whole fleet. */
  readonly concurrency?: number;
  /** How long `close()` waits for running jobs before it aborts and puts them back; default 25 s. */
  readonly drainTimeout?: Duration;
  /** How long a crashed worker holds its jobs; default 15 s. */
  readonly lockDuration?: Duration;
  /** How often stalled jobs are looked for; default 5 s. With `lockDuration`, a crash frees its slots within 20 s. */
  readonly stalledInterval?: Duration;
  /** How often a job may stall before it fails; default 1. */
  readonly maxStalledCount?: number;
  /** Start at once (default), or with `run()`. */
  readonly autorun?: boolean;
  /** Of a processor that is a file. */
  readonly sandbox?: SandboxOptions;
  /** BullMQ's telemetry, such as `new BullMQOtel("app")`: a span for each run, with its deferrals and how its permit ended. */
  readonly telemetry?: Telemetry;
  /** Shown by BullMQ as who processed a job. */
  readonly name?: string;
}

export interface ResolvedWorkerOptions {
  readonly concurrency: number;
  readonly drainTimeoutMs: number;
  readonly lockDurationMs: number;
  readonly stalledIntervalMs: number;
  readonly maxStalledCount: number;
  readonly autorun: boolean;
  readonly name: string | null;
}

const schema = z.object({
  concurrency: z.int().min(1).max(10_000).default(10),
  drainTimeout: durationSchema.default(25_000),
  lockDuration: durationSchema.default(15_000),
  stalledInterval: durationSchema.default(5_000),
  maxStalledCount: z.int().min(0).default(1),
  autorun: z.boolean().default(true),
  name: z.string().min(1).max(128).nullable().default(null),
});

export function resolveWorkerOptions({
  connection: _,
  sandbox: __,
  telemetry: ___,
  ...options
}: WorkerOptions): ResolvedWorkerOptions {
  const { drainTimeout, lockDuration, stalledInterval, ...rest } = parseOptions("createWorker", schema, options);
  return Object.freeze({
    ...rest,
    drainTimeoutMs: drainTimeout,
    lockDurationMs: lockDuration,
    stalledIntervalMs: stalledInterval,
  });
}
