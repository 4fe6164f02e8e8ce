import { createId, decodeId } from "../define/id.ts";
import type { Queue } from "../define/queue.ts";
import { headgateError } from "../errors.ts";
import { admissions } from "../observe/channels.ts";
import { type FlowNode, type FlowResult, type ReadFlow, readFlow } from "./flow.ts";
import type { ResolvedEnqueueOptions } from "./options.ts";
import type { Reach } from "./reach.ts";
import { type EnqueueResult, type Refusal, readAdmission, refusedOf } from "./result.ts";
import { tellOfFlow } from "./seen-admission.ts";
import type { Ask, WaitingLine } from "./waiting-line.ts";

type Stand = (
  queue: Queue,
  line: WaitingLine,
  ask: Ask,
  first: Refusal,
  options: ResolvedEnqueueOptions,
) => Promise<EnqueueResult>;

/** Asks for flows. Those that wait stand in a line a limiter: they take no place in the line of any of their queues. */
export class Flows {
  readonly #reach: Reach;
  readonly #stand: Stand;
  readonly #lines = new Map<string, WaitingLine>();

  constructor(reach: Reach, stand: Stand) {
    this.#reach = reach;
    this.#stand = stand;
  }

  /** All lines, or that of one limiter. */
  lines(prefix?: string): WaitingLine[] {
    return [...this.#lines].filter(([key]) => prefix === undefined || key === prefix).map(([, line]) => line);
  }

  /** @param context of a trace, "" without one */
  async enqueue(tree: FlowNode, options: ResolvedEnqueueOptions, context: string): Promise<FlowResult> {
    this.#reach.open();
    options.signal?.throwIfAborted();
    const flow = await readFlow(tree, context);
    const answer = this.#admitted(tree.queue, flow, options);
    if (admissions.isWatched) tellOfFlow(answer, flow.jobs);
    return answer;
  }

  async #admitted(
    queue: Queue,
    { ids, jobs, queues, own }: ReadFlow,
    options: ResolvedEnqueueOptions,
  ): Promise<FlowResult> {
    for (const one of queues) await this.#reach.backend(one, ids.id);
    const backend = await this.#reach.backend(queue, ids.id);
    options.signal?.throwIfAborted();
    const nonce = own ? "" : createId();
    let refusedBy = queue.name;
    const ask: Ask = async (slot) => {
      const waits = slot === null ? null : { slot };
      const reply = await this.#reach.ask(queues, ids.id, () => backend.admitFlow(jobs, nonce, waits));
      refusedBy = refusingQueue(reply) ?? refusedBy;
      return readAdmission(reply, ids.id);
    };
    const first = await ask(null);
    const result = await this.#settled(queue, ask, first, options);
    return result.accepted ? { ...result, children: ids.children } : { ...result, queue: refusedBy };
  }

  #settled(queue: Queue, ask: Ask, first: Awaited<ReturnType<Ask>>, options: ResolvedEnqueueOptions) {
    if (first.accepted) return first;
    return options.mode === "refuse"
      ? refusedOf(first)
      : this.#stand(queue, this.#line(queue.limiter.prefix), ask, first, options);
  }

  #line(prefix: string): WaitingLine {
    const line = this.#lines.get(prefix) ?? this.#reach.line();
    this.#lines.set(prefix, line);
    return line;
  }
}

/** Which queue had no room; throws where a child of that id belongs to another parent. */
function refusingQueue(reply: unknown): string | undefined {
  if (!Array.isArray(reply)) throw new TypeError(`unexpected reply of admission: ${String(reply)}`);
  if (reply[0] === -1) {
    throw headgateError("HG_FLOW_CONFLICT", {
      got: `job ${decodeId(String(reply[2]))} of queue "${String(reply[1])}"`,
    });
  }
  return reply[0] === 0 ? String(reply[8]) : undefined;
}
