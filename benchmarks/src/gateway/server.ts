// The gateway in a process of its own, so that its memory and its event loop are nobody else's. Talks to its parent over IPC.
import { monitorEventLoopDelay } from "node:perf_hooks";
import { createGateway } from "@headgate/gateway";
import { queueIn } from "./queue.ts";

/** How often the event loop is looked at. */
const LOOP_MS = 1;

const [connection = "", namespace = "", token = ""] = process.argv.slice(2);
const gateway = await createGateway({ queues: [queueIn(namespace)], connection, tokens: [token] }).listen({ port: 0 });
process.send?.({ url: gateway.url });
const delay = monitorEventLoopDelay({ resolution: LOOP_MS });
delay.enable();
let before = process.cpuUsage();
process.on("message", (message) => {
  if (message === "look anew") {
    delay.reset();
    before = process.cpuUsage();
  }
  const { user, system } = process.cpuUsage(before);
  const loopDelayMs = delay.max / 1e6 - LOOP_MS;
  process.send?.({ rss: process.memoryUsage.rss(), cpuMs: (user + system) / 1_000, loopDelayMs });
});
process.on("disconnect", () => void gateway.close());
