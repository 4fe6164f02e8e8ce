/** One of the workers of the fleet. */
import { createWorker } from "headgate/worker";
import { ordersOf, serve } from "../process/serve.ts";
import { dialectOf } from "./dialects.ts";
import { queueOf } from "./queue.ts";

export interface WorkerOrders {
  readonly connection: string;
  readonly namespace: string;
  readonly dialect: string;
  readonly concurrency: number;
  readonly url: string;
}

const { connection, namespace, dialect, concurrency, url } = ordersOf<WorkerOrders>();
const worker = createWorker(
  queueOf(namespace, dialectOf(dialect)),
  async (_, ctx) => {
    const response = await ctx.fetch(url, { method: "POST", body: "{}" });
    await response.arrayBuffer();
  },
  { connection, concurrency, autorun: false, drainTimeout: "2s" },
);
worker.on("error", (error) => console.error(error));

serve({ start: () => worker.run(), stop: () => worker.close() });
