/** Sends each document to the API. A 429 is no error here: Headgate puts the job back and tells everyone to slow down. */
import { open } from "node:fs/promises";
import { createWorker } from "headgate/worker";
import { liveWithParent, setting, tell, toldToStop } from "./parent.ts";
import { sectionsIn } from "./queue.ts";

liveWithParent();
const url = `${setting("DEMO_API_URL")}/terms`;
const results = await open(setting("DEMO_RESULTS"), "a");

const worker = createWorker(
  sectionsIn(setting("DEMO_NAMESPACE")),
  async (section, { fetch, job }) => {
    const headers = { "content-type": "application/json" };
    const response = await fetch(url, { method: "POST", headers, body: JSON.stringify(section) });
    if (!response.ok) throw new Error(`the API answered ${response.status}: ${await response.text()}`);
    // The job is done when its result is on file: one write per line, appended.
    const answer = (await response.json()) as object;
    await results.appendFile(`${JSON.stringify({ ...answer, deferrals: job.deferrals })}\n`);
  },
  { connection: setting("REDIS_URL"), concurrency: 20 },
);

let deferred = 0;
worker.on("deferred", () => {
  deferred += 1;
});
worker.on("failed", ({ id, error, final }) => {
  if (final) void tell({ type: "failed", id, error: String(error) });
});
worker.on("error", (error) => console.error(error));

await worker.ready();
await tell({ type: "ready" });
await toldToStop();
await worker.close();
await results.close();
await tell({ type: "done", deferred });
process.exit();
