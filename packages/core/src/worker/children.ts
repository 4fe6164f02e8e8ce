import type { Job } from "bullmq";
import { decodeId } from "../define/id.ts";

/** What became of a job that ran before its parent. */
export interface ChildResult {
  readonly id: string;
  readonly queue: string;
  /** What it returned; undefined when it failed. */
  readonly result?: unknown;
  /** Why it failed, where that is ignored. */
  readonly failure?: string;
}

/** In no particular order; none for a job without children. */
export async function childrenOf(
  job: Pick<Job, "getChildrenValues" | "getIgnoredChildrenFailures">,
): Promise<ChildResult[]> {
  const [values, failures] = await Promise.all([job.getChildrenValues<unknown>(), job.getIgnoredChildrenFailures()]);
  return [
    ...Object.entries(values ?? {}).map(([key, result]) => ({ ...readKey(key), result })),
    ...Object.entries(failures ?? {}).map(([key, failure]) => ({ ...readKey(key), failure })),
  ];
}

/** BullMQ's key of a job: "{headgate:openai}:summarize:~a". Neither a queue's name nor a stored id holds a colon. */
function readKey(key: string): { readonly id: string; readonly queue: string } {
  const [id = "", queue = ""] = key.split(":").reverse();
  return { id: decodeId(id), queue };
}
