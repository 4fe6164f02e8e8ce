import type { JobsOptions } from "bullmq";
import { bullmqScripts } from "./contract.ts";

/** One job of a flow. */
export interface FlowJob {
  /** BullMQ's key prefix of its queue: "{headgate:openai}:summarize:". */
  readonly base: string;
  readonly prefix: string;
  readonly queue: string;
  /** Encoded job id. */
  readonly id: string;
  readonly data: string;
  readonly opts: JobsOptions;
  /** JSON, or "" where all jobs of the queue cost the same. */
  readonly cost: string;
  /** By `performance.now()`; null: none. */
  readonly deadlineAt: number | null;
  readonly parent: FlowJob | null;
  readonly hasChildren: boolean;
}

type Args = readonly (string | number | boolean | Buffer | undefined)[];

interface Command {
  readonly name: string;
  readonly args: Args;
}

/** Stands where BullMQ expects a client or a transaction, and keeps what would have been sent. */
export class Recording {
  readonly commands: Command[] = [];

  add(name: string, args: Args): void {
    this.commands.push({ name, args });
  }
}

const RELEASE = "releaseParentIfNoPendingDependencies";

/** The job as BullMQ's backend takes it, and how it is related. */
export function bullmqJob(job: FlowJob, timestamp: number): { readonly json: object; readonly relations: object } {
  const { parent, opts } = job;
  const json = { id: job.id, name: job.queue, data: job.data, opts, timestamp };
  const relations = { addToWaitingChildren: job.hasChildren, deferParentRelease: true };
  if (parent === null) return { json, relations };
  const parentKey = keyOf(parent);
  // What becomes of the parent when the child fails is read from the child's link to it.
  const link = {
    id: parent.id,
    queueKey: parent.base.slice(0, -1),
    ...(opts.failParentOnFailure ? { fpof: true } : {}),
    ...(opts.ignoreDependencyOnFailure ? { idof: true } : {}),
  };
  return {
    json: { ...json, parentKey, parent: link },
    relations: { ...relations, parentKey, parentDependenciesKey: `${parentKey}:dependencies` },
  };
}

/** A parent all of whose children had ended before is free to run: after everything else, as in BullMQ's own transaction. */
export function recordReleases(recording: Recording, jobs: readonly FlowJob[], timestamp: number): void {
  for (const job of jobs) {
    if (!job.hasChildren) continue;
    const key = keyOf(job);
    recording.add(RELEASE, [key, `${key}:dependencies`, job.base.slice(0, -1), job.id, timestamp]);
  }
}

/** The arguments of lua/commands/addFlow.lua. */
export function flowArgs(
  commands: readonly Command[],
  jobs: readonly FlowJob[],
  more: Readonly<Record<string, unknown>>,
): Args {
  const keys: Args[number][] = [];
  const args: Args[number][] = [];
  const told = commands.map(({ name, args: all }, index) => {
    const count = bullmqScripts[name]?.keys ?? 0;
    keys.push(...all.slice(0, count));
    args.push(...all.slice(count));
    const job = jobs[index];
    return {
      name,
      keys: count,
      args: all.length - count,
      ...(job ? { base: job.base, id: job.id } : {}),
      ...(job?.cost ? { cost: job.cost } : {}),
      ...(job?.parent ? { parent: keyOf(job.parent) } : {}),
      ...deadlineOf(job),
    };
  });
  return [keys.length, ...keys, JSON.stringify({ ...more, commands: told }), ...args];
}

/** What is left of it now: a flow that waits is asked for again. Not before a delay has passed. */
function deadlineOf(job: FlowJob | undefined): object {
  if (job === undefined || job.deadlineAt === null) return {};
  const left = Math.max(0, Math.ceil(job.deadlineAt - performance.now()));
  const { delay = 0, priority = 0 } = job.opts;
  return { left: delay > left ? 0 : left, priority };
}

const keyOf = ({ base, id }: FlowJob): string => base + id;
