/** Several workers in one process, each a member of the fleet with connections of its own. */
import { setTimeout as sleep } from "node:timers/promises";
import { createWorker } from "headgate/worker";
import { ordersOf, serve } from "../process/serve.ts";
import { type Limits, queueOf } from "./queue.ts";

export interface WorkerOrders {
  readonly connection: string;
  readonly namespace: string;
  readonly limits: Limits;
  readonly workers: number;
  readonly concurrency: number;
  /** How long a job takes (ms). */
  readonly jobMs: number;
}

const { connection, namespace, limits, workers, concurrency, jobMs } = ordersOf<WorkerOrders>();
const queue = queueOf(namespace, limits);
const job = jobMs > 0 ? () => sleep(jobMs) : () => undefined;
const fleet: { ready(): Promise<unknown>; close(): Promise<unknown> }[] = [];

serve({
  start: async () => {
    for (let index = 0; index < workers; index++) {
      const worker = createWorker(queue, job, { connection, concurrency });
      worker.on("error", (error) => console.error(error));
      fleet.push(worker);
    }
    await Promise.all(fleet.map((worker) => worker.ready()));
  },
  stop: () => Promise.all(fleet.map((worker) => worker.close())).then(() => undefined),
});
