import { type Duration, parseDuration, type Queue } from "headgate";
import { isAddress } from "headgate/internal";
import type { Connection, Processor } from "headgate/worker";
import { z } from "zod";

/** What a config is after its check. Messages say what was expected; what came is read from the config itself. */

export type AnyProcessor = Processor<unknown>;

const MAX_PORT = 65_535;

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null;

const isQueue = (value: unknown): value is Queue =>
  isObject(value) && typeof value["name"] === "string" && isObject(value["limiter"]) && isObject(value["bullmq"]);

const connection = z.custom<Connection>((value) => (typeof value === "string" ? isAddress(value) : isObject(value)), {
  error: "a redis://, rediss://, redis+sentinel:// or redis+cluster:// URL, ioredis options, or an ioredis client",
});

const wholeNumber = (least: number, most: number, error: string): z.ZodNumber =>
  z.int(error).min(least, error).max(most, error);

const duration = z.custom<Duration>(
  (value) => {
    try {
      return parseDuration(value as Duration) > 0;
    } catch {
      return false;
    }
  },
  { error: 'a duration, such as "15s"' },
);

const queue = z.strictObject(
  {
    queue: z.custom<Queue>(isQueue, { error: "what defineQueue returns" }),
    processor: z
      .union([z.string().min(1), z.custom<AnyProcessor>((value) => typeof value === "function")], {
        error: "a function (payload, ctx), or the path of a module that exports one by default",
      })
      .optional(),
    concurrency: wholeNumber(1, 10_000, "a whole number from 1 to 10000").optional(),
    lockDuration: duration.optional(),
    stalledInterval: duration.optional(),
    maxStalledCount: wholeNumber(0, 1_000, "a whole number from 0").optional(),
    sandbox: z
      .union(
        [z.boolean(), z.strictObject({ heapMb: wholeNumber(16, 1_048_576, "a whole number from 16").optional() })],
        {
          error: "true, false or { heapMb? }",
        },
      )
      .optional(),
  },
  { error: "{ queue, processor?, concurrency?, sandbox?, lockDuration?, stalledInterval?, maxStalledCount? }" },
);

export interface CheckedQueue {
  queue: Queue;
  processor?: string | AnyProcessor | undefined;
  concurrency?: number | undefined;
  lockDuration?: Duration | undefined;
  stalledInterval?: Duration | undefined;
  maxStalledCount?: number | undefined;
  sandbox?: boolean | { heapMb?: number | undefined } | undefined;
}

export interface CheckedConfig {
  connection?: Connection | undefined;
  queues: Record<string, CheckedQueue>;
  board?: { port?: number | undefined } | undefined;
  gateway?: { port?: number | undefined } | undefined;
  worker?: { port?: number | undefined } | undefined;
}

const server = z
  .strictObject({ port: wholeNumber(0, MAX_PORT, "a port from 0 to 65535").optional() }, { error: "{ port? }" })
  .optional();

export const configSchema: z.ZodType<CheckedConfig> = z.strictObject(
  {
    connection: connection.optional(),
    queues: z
      .record(z.string(), queue, { error: "an object of queues by name" })
      .refine((queues) => Object.keys(queues).length > 0, { error: "at least one queue" }),
    board: server,
    gateway: server,
    worker: server,
  },
  { error: "defineConfig({ connection, queues, board?, gateway?, worker? })" },
);
