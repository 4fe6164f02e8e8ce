import { Gauge, type Registry } from "prom-client";
import { type LimiterStatus, type QueueStatus, readLimiterStatus, readQueueStatus } from "../control/status.ts";
import type { Queue } from "../define/queue.ts";
import type { Connection } from "../redis/connection.ts";
import { Link } from "../redis/link.ts";
import { desiredWorkers } from "./desired-workers.ts";
import { limiterGauges } from "./limiter-metrics.ts";

export interface QueueMetricsOptions {
  readonly connection: Connection;
  readonly queues: readonly Queue[];
  /** Jobs at once in one worker of a queue, for `headgate_desired_workers`; default 10. */
  readonly slotsOf?: (queue: Queue) => number;
}

export interface QueueMetrics {
  /** Reads everything from Redis; before each scrape. Never fails: without Redis, `headgate_redis_up` is 0. */
  refresh(): Promise<void>;
  close(): Promise<void>;
}

const LEVELS = ["open", "slow", "closed"] as const;
const DEFAULT_SLOTS = 10;
/** A scrape does not wait longer for Redis (ms). */
const PATIENCE_MS = 2_000;

/** Queues, limiters and Redis itself, as Redis has them: one process of a fleet is enough to ask. */
export function observeQueues(registry: Registry, options: QueueMetricsOptions): QueueMetrics {
  const { connection, queues, slotsOf = () => DEFAULT_SLOTS } = options;
  const link = new Link(connection, () => undefined);
  const limiters = new Map(queues.map(({ limiter }) => [limiter.prefix, limiter]));
  const showQueue = queueGauges(registry);
  const showLimiter = limiterGauges(registry);
  const up = new Gauge({ name: "headgate_redis_up", help: "1 when Redis answered this scrape", registers: [registry] });
  const memory = new Gauge({
    name: "headgate_redis_memory_used_ratio",
    help: "Used memory over maxmemory; 0 without a maxmemory",
    registers: [registry],
  });

  const read = async (): Promise<void> => {
    const { client } = link;
    await link.ready();
    const byPrefix = new Map<string, LimiterStatus>();
    for (const [prefix, limiter] of limiters) {
      const status = await readLimiterStatus(client, limiter);
      byPrefix.set(prefix, status);
      showLimiter(status, Date.now());
    }
    for (const queue of queues) {
      const limiter = byPrefix.get(queue.limiter.prefix);
      if (limiter) showQueue(await readQueueStatus(client, queue), limiter, slotsOf(queue));
    }
    memory.set(usedRatio(await client.info("memory")));
  };
  return {
    refresh: async () => {
      const reading = read().then(() => true);
      up.set((await Promise.race([reading.catch(() => false), after(PATIENCE_MS)])) ? 1 : 0);
    },
    close: () => link.close(),
  };
}

function queueGauges(registry: Registry): (status: QueueStatus, limiter: LimiterStatus, slots: number) => void {
  const registers = [registry];
  const one = (name: string, help: string) => new Gauge({ name, help, labelNames: ["queue"], registers });
  const depth = one("headgate_queue_depth_jobs", "Jobs admitted and not finished");
  const capacity = one("headgate_queue_capacity_jobs", "Bound on depth");
  const fill = one("headgate_queue_fill_ratio", "Depth over capacity");
  const oldest = one("headgate_queue_oldest_job_age_seconds", "Age of the oldest job that waits or runs");
  const drain = one("headgate_queue_estimated_drain_seconds", "Depth over the measured drain rate; absent without one");
  const desired = one("headgate_desired_workers", "Workers that would be of use, no more than the limit lets work");
  const counts = new Gauge({
    name: "bullmq_job_count",
    help: "Jobs by state",
    labelNames: ["queue", "state"],
    registers,
  });
  const levels = new Gauge({
    name: "headgate_pressure_level",
    help: "1 for the queue's level",
    labelNames: ["queue", "level"],
    registers,
  });
  return (status, limiter, slots) => {
    const { queue, counts: jobs, drainPerSecond } = status;
    depth.set({ queue }, status.depth);
    capacity.set({ queue }, status.capacity);
    fill.set({ queue }, status.depth / status.capacity);
    oldest.set({ queue }, (status.oldestJobAgeMs ?? 0) / 1_000);
    if (drainPerSecond > 0) drain.set({ queue }, status.depth / drainPerSecond);
    else drain.remove({ queue });
    for (const level of LEVELS) levels.set({ queue, level }, status.level === level ? 1 : 0);
    for (const [state, count] of Object.entries(jobs)) counts.set({ queue, state }, count);
    desired.set(
      { queue },
      desiredWorkers({
        ready: status.paused ? 0 : jobs.wait + jobs.prioritized + jobs.active,
        slots,
        rate: limiter.rate,
        concurrency: limiter.concurrency,
        acceptedPerSecond: limiter.acceptedPerSecond,
        inFlight: limiter.inFlight,
        closed: limiter.gate.closed,
      }),
    );
  };
}

const field = (info: string, name: string): number => Number(new RegExp(`^${name}:(\\d+)`, "m").exec(info)?.[1] ?? 0);

/** Pure, from INFO memory. */
export function usedRatio(info: string): number {
  const most = field(info, "maxmemory");
  return most > 0 ? field(info, "used_memory") / most : 0;
}

const after = (ms: number): Promise<false> => new Promise((resolve) => setTimeout(resolve, ms, false).unref());
