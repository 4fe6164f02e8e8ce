import type { Redis } from "ioredis";
import { Child } from "../process/child.ts";
import { removeKeys } from "../redis/remove-keys.ts";
import { fill, type Limits, queueOf } from "./queue.ts";
import type { WorkerOrders } from "./worker-process.ts";

export interface FleetOptions {
  readonly connection: string;
  readonly namespace: string;
  readonly limits: Limits;
  readonly jobs: number;
  readonly workers: number;
  readonly concurrency: number;
  readonly jobMs: number;
}

/** More share a process: on two cores more processes would only wait for each other. */
const PROCESSES = 4;

/** Stores all jobs, starts the workers, measures, ends them. `measure` is given the key of what has completed. */
export async function withFleet<T>(
  redis: Redis,
  { jobs, workers, ...options }: FleetOptions,
  measure: (completedKey: string) => Promise<T>,
): Promise<T> {
  const queue = queueOf(options.namespace, options.limits);
  const crew: Child[] = [];
  try {
    await fill(options.connection, queue, jobs);
    for (const share of shares(workers, PROCESSES)) {
      const orders: WorkerOrders = { ...options, workers: share };
      crew.push(new Child(`${share} of ${workers} workers`, "scale/worker-process", orders));
    }
    await Promise.all(crew.map((child) => child.ask("start")));
    const { prefix, name } = queue.bullmq;
    const measured = await measure(`${prefix}:${name}:completed`);
    await Promise.all(crew.map((child) => child.ask("stop")));
    return measured;
  } finally {
    await Promise.all(crew.map((child) => child.end()));
    await removeKeys(redis, options.namespace);
  }
}

/** So many each, as even as can be; nobody gets none. */
export function shares(workers: number, most: number): number[] {
  const processes = Math.min(workers, most);
  return Array.from({ length: processes }, (_, index) => Math.floor((workers + index) / processes));
}
