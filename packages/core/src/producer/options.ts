import { z } from "zod";
import { type Deadline, deadlineSchema } from "../define/deadline.ts";
import { type Duration, durationSchema } from "../define/duration.ts";
import { parseOptions } from "../define/options.ts";
import { headgateError, shown } from "../errors.ts";

export interface EnqueueOptions {
  /** `"wait"` (default): stand in line until there is room. `"refuse"`: answer at once. */
  readonly onPressure?: "wait" | "refuse";
  /** The longest wait; then refused with reason `"timeout"`. Default: none. */
  readonly timeout?: Duration;
  /** Ends the wait: rejects with `signal.reason`. */
  readonly signal?: AbortSignal;
  /** Any string up to 256 bytes; makes the enqueue idempotent while the job is remembered. Default: a new one. */
  readonly id?: string;
  /** 1 (most urgent) to 2,097,151; jobs without one run before all that have one. */
  readonly priority?: number;
  /** Not before this has passed. */
  readonly delay?: Duration;
  /**
   * The latest time at which a run may start: a duration from now, a Date, or epoch milliseconds; default none. A job that cannot
   * make it at the measured drain rate is refused with reason `"deadline"`, and so is one that still waits when it passes. A job
   * that was admitted and is fetched too late is not run: it fails with HG_DEADLINE_EXCEEDED. It is kept on Redis' clock.
   */
  readonly deadline?: Deadline;
}

/** Options of many payloads: each gets its own id. */
export interface ManyOptions<In> extends Omit<EnqueueOptions, "id"> {
  /** The id of a payload's job: with it, reading a source again from its start enqueues nothing twice. Default: new ones. */
  readonly id?: (payload: In) => string;
}

const schema = z.object({
  onPressure: z.enum(["wait", "refuse"]).default("wait"),
  timeout: durationSchema.nullable().default(null),
  signal: z.instanceof(AbortSignal).optional(),
  id: z.string().optional(),
  priority: z.int().min(1).max(2_097_151).default(0),
  delay: durationSchema.default(0),
  deadline: deadlineSchema.nullable().default(null),
});

export interface ResolvedEnqueueOptions {
  readonly mode: "wait" | "refuse";
  readonly timeoutMs: number | null;
  readonly signal: AbortSignal | undefined;
  readonly id: string | undefined;
  readonly priority: number;
  readonly delayMs: number;
  /** By `performance.now()`. */
  readonly deadlineAt: number | null;
}

const plain: ResolvedEnqueueOptions = Object.freeze({
  mode: "wait",
  timeoutMs: null,
  signal: undefined,
  id: undefined,
  priority: 0,
  delayMs: 0,
  deadlineAt: null,
});

/** Checked on every enqueue; the common case, no options, costs nothing. */
export function resolveEnqueueOptions(options: EnqueueOptions | undefined): ResolvedEnqueueOptions {
  if (options === undefined) return plain;
  const { onPressure, timeout, signal, id, priority, delay, deadline } = parseOptions("enqueue", schema, options);
  const deadlineAt = deadline === null ? null : performance.now() + deadline;
  return { mode: onPressure, timeoutMs: timeout, signal, id, priority, delayMs: delay, deadlineAt };
}

/** Checked once for many payloads. */
export function resolveManyOptions(id: unknown, options: EnqueueOptions): ResolvedEnqueueOptions {
  if (id !== undefined && typeof id !== "function") {
    throw headgateError("HG_OPTION_INVALID", {
      what: "enqueue.id",
      expected: "a function of the payload: one id for many would make one job of them",
      got: shown(id),
    });
  }
  return resolveEnqueueOptions(options);
}
