import { z } from "zod";
import type { FlowJob } from "../bullmq/flow.ts";
import { type Deadline, deadlineSchema } from "../define/deadline.ts";
import { type Duration, durationSchema } from "../define/duration.ts";
import { createId, encodeId, encodeOwnId } from "../define/id.ts";
import { parseOptions } from "../define/options.ts";
import { parsePayload, serializePayload } from "../define/payload.ts";
import type { Queue } from "../define/queue.ts";
import { headgateError, shown } from "../errors.ts";
import { queueBase } from "../redis/keys.ts";
import { jobOptions } from "./job-options.ts";
import type { Accepted, Refused } from "./result.ts";

/** A job, and the jobs that must have ended before it may run. All queues of a flow share one limiter. */
export interface FlowNode {
  readonly queue: Queue;
  readonly payload: unknown;
  /** As for `enqueue`; the root's makes the whole flow idempotent. Default: a new one. */
  readonly id?: string;
  /** As for `enqueue`; of a job with children it counts when they have ended. */
  readonly priority?: number;
  /** As for `enqueue`; not for a job with children, which waits for them. */
  readonly delay?: Duration;
  /** As for `enqueue`, of this job alone; when one cannot make its deadline the whole flow is refused. */
  readonly deadline?: Deadline;
  /** When this job fails for good: its parent fails too (default), or runs without it. */
  readonly onFailure?: "fail-parent" | "ignore";
  readonly children?: readonly FlowNode[];
}

/** The tree with each payload checked against its own queue. */
export type TypedFlow<Tree> = Tree extends { readonly queue: Queue<infer In, infer Out> }
  ? Omit<FlowNode, "queue" | "payload" | "children"> & {
      readonly queue: Queue<In, Out>;
      readonly payload: In;
      readonly children?: Tree extends { readonly children?: infer Children } ? TypedFlows<Children> : never;
    }
  : FlowNode;

type TypedFlows<Children> = Children extends readonly unknown[]
  ? { readonly [Index in keyof Children]: TypedFlow<Children[Index]> }
  : Children;

/** Where each job of a flow is. */
export interface FlowIds {
  readonly id: string;
  readonly queue: string;
  readonly children: readonly FlowIds[];
}

export type FlowResult =
  | (Accepted & { readonly children: readonly FlowIds[] })
  /** `queue`: which of the queues had no room. */
  | (Refused & { readonly queue: string });

/** The whole flow is one script in Redis, of some 30 us a job. */
const MOST_JOBS = 1_000;

const node = z.object({
  priority: z.int().min(1).max(2_097_151).default(0),
  delay: durationSchema.default(0),
  deadline: deadlineSchema.nullable().default(null),
  onFailure: z.enum(["fail-parent", "ignore"]).default("fail-parent"),
});

export interface ReadFlow {
  readonly ids: FlowIds;
  /** Parents before children. */
  readonly jobs: readonly FlowJob[];
  readonly queues: ReadonlySet<Queue>;
  /** Whether nobody else can have the root's id. */
  readonly own: boolean;
}

/**
 * Everything about a flow that is known before Redis is asked. `context`: of a trace, "" without one; goes with each job.
 * @throws HG_FLOW_CROSSES_LIMITERS, HG_FLOW_TOO_LARGE, and what `enqueue` throws for a payload, a cost or an option
 */
export async function readFlow(root: FlowNode, context: string): Promise<ReadFlow> {
  const reading = new FlowReading(root, context);
  const ids = await reading.read(root, null);
  reading.check();
  const { jobs, queues } = reading;
  return { ids, jobs, queues: new Set(queues.keys()), own: root.id === undefined };
}

class FlowReading {
  readonly jobs: FlowJob[] = [];
  /** How many jobs for each. */
  readonly queues = new Map<Queue, number>();
  readonly #root: FlowNode;
  readonly #context: string;
  readonly #keys = new Set<string>();

  constructor(root: FlowNode, context: string) {
    this.#root = root;
    this.#context = context;
  }

  async read(given: FlowNode, parent: FlowJob | null): Promise<FlowIds> {
    const { queue, payload, children = [] } = this.#checked(given);
    const id = given.id ?? createId();
    const value = await parsePayload(queue, payload);
    const { priority, delay, deadline, onFailure } = parseOptions("enqueueFlow", node, given);
    if (delay > 0 && children.length > 0) throw waitsForChildren(queue);
    const { name, prefix } = queue.bullmq;
    const job: FlowJob = {
      base: queueBase(prefix, name),
      prefix,
      queue: name,
      id: given.id === undefined ? encodeOwnId(id) : encodeId(id),
      data: serializePayload(queue, value),
      opts: { ...jobOptions(queue, priority, delay, this.#context), ...(parent ? parentOption[onFailure] : {}) },
      cost: queue.uniformCost === null ? JSON.stringify(queue.costOf(value)) : "",
      deadlineAt: deadline === null ? null : performance.now() + deadline,
      parent,
      hasChildren: children.length > 0,
    };
    this.#add(queue, job, id);
    const below: FlowIds[] = [];
    for (const child of children) below.push(await this.read(child, job));
    return { id, queue: name, children: below };
  }

  check(): void {
    for (const [queue, jobs] of this.queues) {
      if (jobs > queue.capacity) {
        throw headgateError("HG_FLOW_TOO_LARGE", {
          expected: `at most ${queue.capacity} jobs for queue "${queue.name}", its capacity`,
          got: `${jobs}`,
        });
      }
    }
  }

  #checked(given: FlowNode): FlowNode {
    const { queue, children } = (given ?? {}) as Partial<FlowNode>;
    if (queue?.kind !== "queue" || (children !== undefined && !Array.isArray(children))) {
      throw headgateError("HG_OPTION_INVALID", {
        what: "enqueueFlow",
        expected: "{ queue, payload, children?: […] }",
        got: shown(given),
      });
    }
    const { limiter } = this.#root.queue;
    if (queue.limiter.prefix !== limiter.prefix) {
      throw headgateError("HG_FLOW_CROSSES_LIMITERS", {
        expected: `queues of limiter "${limiter.name}", as the root's`,
        got: `queue "${queue.name}" of limiter "${queue.limiter.name}"`,
      });
    }
    return given;
  }

  #add(queue: Queue, job: FlowJob, id: string): void {
    if (this.#keys.size === MOST_JOBS) {
      throw headgateError("HG_FLOW_TOO_LARGE", { expected: `at most ${MOST_JOBS} jobs`, got: "more" });
    }
    if (this.#keys.has(job.base + job.id)) {
      throw headgateError("HG_ID_INVALID", { expected: `an id once in queue "${queue.name}" of a flow`, got: id });
    }
    this.#keys.add(job.base + job.id);
    this.jobs.push(job);
    this.queues.set(queue, (this.queues.get(queue) ?? 0) + 1);
  }
}

/** BullMQ's default leaves the parent waiting for ever, and its place taken. */
const parentOption = {
  "fail-parent": { failParentOnFailure: true },
  ignore: { ignoreDependencyOnFailure: true },
} as const;

const waitsForChildren = (queue: Queue): Error =>
  headgateError("HG_OPTION_INVALID", {
    what: "enqueueFlow.delay",
    expected: "none for a job with children: it waits for them",
    got: `one, for queue "${queue.name}"`,
  });
