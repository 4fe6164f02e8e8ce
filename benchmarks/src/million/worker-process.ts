// Runs the jobs, and counts how often each item came.
import { createWorker } from "headgate/worker";
import { ordersOf, serve } from "../process/serve.ts";
import { queueIn } from "./queue.ts";

export interface Orders {
  readonly connection: string;
  readonly namespace: string;
  readonly items: number;
}

export interface Arrived {
  readonly once: number;
  readonly more: number;
}

const CONCURRENCY = 50;

const { connection, namespace, items } = ordersOf<Orders>();
const times = new Uint8Array(items);
const worker = createWorker(
  queueIn(namespace),
  ({ n }) => {
    times[n] = (times[n] ?? 0) + 1;
  },
  // Long: on a busy machine a late renewal would have a job run twice, by right.
  { connection, concurrency: CONCURRENCY, lockDuration: "60s", stalledInterval: "60s", autorun: false },
);

serve({
  start: () => worker.run(),
  arrived: (): Arrived => {
    let once = 0;
    let more = 0;
    for (const count of times) {
      if (count === 1) once++;
      else if (count > 1) more++;
    }
    return { once, more };
  },
});
