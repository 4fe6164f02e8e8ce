import type { Duration, Queue } from "headgate";
import type { Connection, Processor } from "headgate/worker";

/** One queue of the config, and how `headgate worker` runs it. */
export interface QueueConfig<Payload> {
  /** What `defineQueue` returned. Its name must be the name it stands under. */
  readonly queue: Queue<Payload>;
  /**
   * What runs a job: a function, or the path of a module (relative to the config) whose default export is one.
   * A queue without a processor is only produced into; `headgate worker` leaves it out.
   */
  readonly processor?: Processor<Payload> | string;
  /** Jobs at once in one worker process. Default 10. */
  readonly concurrency?: number;
  /** How long a crashed process holds its jobs; default 15 s. */
  readonly lockDuration?: Duration;
  /** How often stalled jobs are looked for; default 5 s. */
  readonly stalledInterval?: Duration;
  /** How often a job may stall before it fails; default 1. */
  readonly maxStalledCount?: number;
  /**
   * Each job in a process of its own, which it cannot leave; the processor must be a path. `heapMb`: most heap of one in MiB,
   * default 512. Default false.
   */
  readonly sandbox?: boolean | { readonly heapMb?: number };
}

export interface HeadgateConfig<Payloads extends Record<string, unknown> = Record<string, unknown>> {
  /** Redis URL, ioredis options, or an ioredis client. `--redis` and REDIS_URL stand above it. */
  readonly connection?: Connection;
  /** Every queue that the commands know, by name. */
  readonly queues: { readonly [Name in keyof Payloads]: QueueConfig<Payloads[Name]> };
  readonly board?: {
    /** Default 3000. */
    readonly port?: number;
  };
  readonly gateway?: {
    /** Default 3001. */
    readonly port?: number;
  };
  readonly worker?: {
    /** Of /healthz, /readyz and /metrics; default 3002. */
    readonly port?: number;
  };
}

/** Types a `headgate.config.ts`: the payload of each queue reaches its processor. Returns what it was given. */
export function defineConfig<Payloads extends Record<string, unknown>>(
  config: HeadgateConfig<Payloads>,
): HeadgateConfig<Payloads> {
  return config;
}
