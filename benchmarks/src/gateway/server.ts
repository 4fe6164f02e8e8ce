// The gateway in a process of its own, so that its memory and its event loop are nobody else's. Talks to its parent over IPC.
import { createGateway } from "@headgate/gateway";
import { queueIn } from "./queue.ts";

const [connection = "", namespace = "", token = ""] = process.argv.slice(2);
const gateway = await createGateway({ queues: [queueIn(namespace)], connection, tokens: [token] }).listen({ port: 0 });
process.send?.({ url: gateway.url });
process.on("message", (message) => {
  if (message === "rss") process.send?.({ rss: process.memoryUsage.rss() });
});
process.on("disconnect", () => void gateway.close());
