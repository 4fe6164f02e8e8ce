import { z } from "zod";
import { durationSchema } from "../define/duration.ts";
import { parseOptions } from "../define/options.ts";
import type { WorkerOptions } from "./worker.ts";

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
