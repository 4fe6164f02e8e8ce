import type { Job } from "bullmq";
import type { Queue } from "../define/queue.ts";
import type { Client } from "../redis/connection.ts";
import { queueBase, queueKey } from "../redis/keys.ts";
import { runScript } from "../redis/scripts.ts";

/** What an iteration that is not run returns; BullMQ keeps it with the job. */
export const SKIPPED: { readonly skipped: "closed" } = Object.freeze({ skipped: "closed" });

/** When an iteration of a schedule is due (epoch ms): the end of the id that BullMQ gives it. */
export const dueAtOf = (job: Pick<Job, "id">): number => Number(job.id?.slice(job.id.lastIndexOf(":") + 1));

/** Whether the queue was closed when it came due; then it has been counted. */
export async function cameDueWhileClosed(client: Client, queue: Queue, job: Job): Promise<boolean> {
  const { prefix } = queue.limiter;
  const base = queueBase(prefix, queue.name);
  const keys = [queueKey(prefix, queue.name), `${base}${job.id ?? ""}`, `${base}repeat`];
  return (await runScript(client, "iteration", [...keys, dueAtOf(job)])) === 1;
}
