import { createWorker } from "headgate/worker";
import { obey, orders, report } from "./child.ts";
import { define } from "./protocol.ts";
import { runTask } from "./task.ts";

const { url, definition, worker: options, hang, blockMs = 0 } = orders();
const { queue } = define(definition);

const worker = createWorker(
  queue,
  async (task, ctx) => {
    const { id, attempt, deferrals } = ctx.job;
    report({ event: "started", id, attempt, deferrals });
    if (hang) await new Promise(() => undefined);
    for (const until = performance.now() + blockMs; performance.now() < until; );
    return runTask(task, ctx);
  },
  { ...options, connection: url },
);
worker.on("completed", ({ id }) => report({ event: "completed", id }));
worker.on("failed", ({ id, final, error }) => report({ event: "failed", id, final, message: error.message }));
worker.on("deferred", ({ id, deferrals, delayMs }) => report({ event: "deferred", id, deferrals, delayMs }));
worker.on("error", (error) => report({ event: "error", message: error.message }));

obey(
  () => worker.close(),
  async () => undefined,
);
await worker.ready();
report({ event: "ready" });
