import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { UnrecoverableError } from "bullmq";
import { SandboxDied, SandboxLate, SandboxPool } from "../../bullmq/sandbox-pool.ts";
import type { Queue } from "../../define/queue.ts";
import { headgateError } from "../../errors.ts";
import { requests } from "../../observe/channels.ts";
import { ThrottledError, VERDICT } from "../classify.ts";
import type { JobContext } from "../context.ts";
import type { Processor } from "../run-job.ts";
import type { SandboxEnding, SandboxTask } from "./ending.ts";

export interface SandboxOptions {
  /** Most heap of one process, in MiB; default 512. Buffers are not heap. */
  readonly heapMb?: number;
  /** Flags for its Node; default: those of this process. */
  readonly execArgv?: readonly string[];
  /** A module whose export `load(url)` imports what Node cannot; default: Node's own `import`. */
  readonly loader?: URL;
}

export interface Sandbox<Payload, Result> {
  readonly process: Processor<Payload, Result>;
  close(): Promise<void>;
}

const DEFAULT_HEAP_MB = 512;
/** A run has so long to come to its end after its signal (ms), as one in the worker's own process has. */
const GRACE_MS = 900;
/** A job that takes its process down so often is not started again, however many attempts it has. */
const MOST_DEATHS = 3;

/** A processor in a file: each run in a process of its own, which a crash, an endless loop or too much memory takes alone. */
export function openSandbox<Payload, Result>(
  { limiter, timeoutMs }: Pick<Queue, "limiter" | "timeoutMs">,
  file: string | URL,
  options: SandboxOptions,
): Sandbox<Payload, Result> {
  const url = fileOf(file);
  const entry = new URL("./entry.js", import.meta.url);
  entry.searchParams.set("processor", url.href);
  if (options.loader) entry.searchParams.set("loader", options.loader.href);
  const { heapMb = DEFAULT_HEAP_MB, execArgv = process.execArgv } = options;
  const pool = new SandboxPool(entry.href, [...execArgv, `--max-old-space-size=${heapMb}`]);
  return {
    process: async (payload, ctx) => {
      const { id, queue, attempt, deferrals, enqueuedAt } = ctx.job;
      const { provider } = limiter;
      const task: SandboxTask = { payload, id, queue, attempt, deferrals, enqueuedAt, provider };
      const { signal, log, progress, children } = ctx;
      try {
        const ending = (await pool.run(task, {
          signal,
          log,
          progress,
          children,
          timeoutMs,
          graceMs: GRACE_MS,
        })) as SandboxEnding;
        if (requests.isWatched) for (const call of ending.calls) requests.tell({ ...call, limiter: limiter.name });
        return taken<Result>(ending, ctx);
      } catch (error) {
        if (error instanceof SandboxLate) throw headgateError("HG_JOB_TIMEOUT", { expected: `${timeoutMs} ms` });
        throw error instanceof SandboxDied ? death(error, attempt) : error;
      }
    },
    close: () => pool.close(),
  };
}

function fileOf(file: string | URL): URL {
  const url = file instanceof URL || file.startsWith("file:") ? new URL(file) : pathToFileURL(resolve(file));
  if (existsSync(fileURLToPath(url))) return url;
  throw headgateError("HG_OPTION_INVALID", {
    what: "createWorker: processor",
    expected: "a function, or the path of a module that exports one by default",
    got: fileURLToPath(url),
  });
}

function taken<Result>({ result, thrown, heard, spent }: SandboxEnding, ctx: JobContext): Result {
  if (spent !== null) ctx.settle(spent);
  ctx.report({ [VERDICT]: heard });
  if (thrown === null) return result as Result;
  const { name, message, stack, verdict } = thrown;
  if (verdict.throttled) throw new ThrottledError(verdict.retryAfterMs, message, verdict);
  // BullMQ knows an error that no further attempt can mend by its name.
  throw Object.assign(new Error(message), { name, stack });
}

function death({ message }: SandboxDied, attempt: number): Error {
  const error = headgateError("HG_SANDBOX_DIED", { got: message });
  return attempt < MOST_DEATHS ? error : Object.assign(new UnrecoverableError(error.message), { cause: error });
}
