import { createId } from "../define/id.ts";
import { parseName } from "../define/options.ts";
import { parsePayload, serializePayload } from "../define/payload.ts";
import type { Queue } from "../define/queue.ts";
import { jobOptions } from "./job-options.ts";
import type { Reach } from "./reach.ts";
import { resolveSchedule, type Scheduled, type ScheduleOptions } from "./schedule.ts";

/** Starts a schedule, or changes the one of this id. Sent twice it is done once. `context`: of a trace, "" without one. */
export async function startSchedule<In, Out>(
  reach: Reach,
  queue: Queue<In, Out>,
  id: string,
  when: ScheduleOptions,
  payload: In,
  context: string,
): Promise<Scheduled> {
  reach.open();
  const key = parseName("schedule", id);
  const { repeat, priority } = resolveSchedule(when);
  const value = await parsePayload(queue, payload);
  const data: unknown = JSON.parse(serializePayload(queue, value));
  const cost = queue.uniformCost === null ? JSON.stringify(queue.costOf(value)) : "";
  const any = queue as Queue;
  const job = { name: queue.name, data, opts: jobOptions(any, priority, 0, context), nonce: createId(), cost };
  const backend = await reach.backend(any, id);
  const nextAt = await reach.ask([any], id, () => backend.upsertSchedule(key, repeat, job));
  return { id, nextAt };
}

/** Answers whether there was one: asked before, so that a lost reply does not change the answer. */
export async function endSchedule(reach: Reach, queue: Queue, id: string): Promise<boolean> {
  reach.open();
  const key = parseName("unschedule", id);
  const backend = await reach.backend(queue, id);
  const known = await reach.ask([queue], id, () => backend.isJobScheduler(key));
  await reach.ask([queue], id, () => backend.removeJobScheduler(key));
  return known;
}
