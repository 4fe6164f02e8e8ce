// The worker: runs jobs that do nothing, or says of the next one that the API is at its limit, and when it said so.
import { createWorker, throttled } from "headgate/worker";
import { ordersOf, serve } from "../process/serve.ts";
import { clock } from "./clock.ts";
import { defined, type Setting } from "./queue.ts";

const setting = ordersOf<Setting>();
const { queue } = defined(setting);
let refuses = false;
let refusedAt = 0;

const worker = createWorker(
  queue,
  () => {
    if (!refuses) return null;
    refuses = false;
    refusedAt = clock();
    throw throttled({ retryAfterMs: 60_000 });
  },
  { connection: setting.connection, concurrency: 20, autorun: false },
);

serve({
  start: () => worker.run(),
  refuse: () => {
    refuses = true;
  },
  refusedAt: () => refusedAt,
  close: () => worker.close(),
});
