import type { Telemetry } from "bullmq";
import { z } from "zod";
import { type Duration, durationSchema } from "../define/duration.ts";
import { parseOptions } from "../define/options.ts";
import type { Connection } from "../redis/connection.ts";

export interface ProducerOptions {
  readonly connection: Connection;
  /**
   * The longest time that Redis may take to answer one question, its connection included; default 2 s. Then an enqueue that
   * is to be refused fails with HG_REDIS_UNAVAILABLE, and one that waits goes on waiting. A producer that never reached
   * Redis fails both with HG_REDIS_UNREACHABLE.
   */
  readonly commandTimeout?: Duration;
  /** Most enqueues that wait in this producer, over all of its queues; more are refused with reason `"local"`. Default 1,000. */
  readonly maxWaiting?: number;
  /** BullMQ's telemetry, such as `new BullMQOtel("app")`: a span for each enqueue, which the job's runs belong to. */
  readonly telemetry?: Telemetry;
}

export interface ResolvedProducerOptions {
  readonly commandTimeoutMs: number;
  readonly maxWaiting: number;
}

const schema = z.object({
  commandTimeout: durationSchema.refine((ms) => ms >= 1, { error: "expected at least 1 ms" }).default(2_000),
  maxWaiting: z.int().min(0).max(1_000_000).default(1_000),
});

export function resolveProducerOptions({
  connection: _,
  telemetry: __,
  ...options
}: ProducerOptions): ResolvedProducerOptions {
  const { commandTimeout, maxWaiting } = parseOptions("createProducer", schema, options);
  return Object.freeze({ commandTimeoutMs: commandTimeout, maxWaiting });
}
