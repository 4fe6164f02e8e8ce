import { hostname } from "node:os";
import { dirname, resolve } from "node:path";
import { createWorker, type SandboxOptions, type Worker, type WorkerOptions } from "headgate/worker";
import type { LoadedConfig } from "../config/load.ts";
import { processorOf } from "../config/processor.ts";
import type { CheckedQueue } from "../config/schema.ts";
import { unknownTarget } from "../levers/target.ts";
import type { EventLog } from "./event-log.ts";
import { errorFields, type LogEvent } from "./log-line.ts";

export interface WorkerFlags {
  readonly processes?: number;
  readonly concurrency?: number;
  /** (ms) */
  readonly drainTimeout?: number;
  readonly host?: string;
  readonly port?: number;
  readonly quiet?: boolean;
}

/** Without what is not set. */
function defined<T extends object>(options: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as never;
}

/** Sandboxes load TypeScript without a build, as everything that a config names. */
function sandboxOf({ sandbox = false }: CheckedQueue): SandboxOptions | null {
  if (sandbox === false) return null;
  const heapMb = sandbox === true ? undefined : sandbox.heapMb;
  return { loader: new URL("./sandbox-loader.js", import.meta.url), ...(heapMb === undefined ? {} : { heapMb }) };
}

/** Starts one queue's worker here, and says what it does: what went wrong as `trouble`, everything else at once. */
export async function startWorker(
  config: LoadedConfig,
  name: string,
  flags: WorkerFlags,
  log: EventLog,
  trouble: (kind: string, event: LogEvent) => void,
): Promise<Worker> {
  const entry = config.queues.get(name);
  if (entry === undefined) throw unknownTarget(name, [...config.queues.keys()]);
  const concurrency = flags.concurrency ?? entry.concurrency;
  const options: WorkerOptions = {
    connection: config.connection,
    // What explain and Bull Board say of who runs a job.
    name: `${hostname()}/${process.pid}`,
    ...(concurrency === undefined ? {} : { concurrency }),
    ...defined({
      lockDuration: entry.lockDuration,
      stalledInterval: entry.stalledInterval,
      maxStalledCount: entry.maxStalledCount,
    }),
    ...(flags.drainTimeout === undefined ? {} : { drainTimeout: flags.drainTimeout }),
  };
  const sandbox = sandboxOf(entry);
  const worker =
    sandbox && typeof entry.processor === "string"
      ? createWorker(entry.queue, resolve(dirname(config.file), entry.processor), { ...options, sandbox })
      : createWorker(entry.queue, await processorOf(config, name), options);
  log({ event: "starting", queue: name, concurrency: concurrency ?? null, pid: process.pid });
  if (flags.quiet !== true) {
    worker.on("completed", ({ id, queue, attempt }) => log({ event: "completed", queue, id, attempt }));
    worker.on("deferred", ({ id, queue, deferrals, delayMs, kind }) =>
      log({ event: "deferred", queue, id, deferrals, delayMs, reason: kind }),
    );
  }
  worker.on("parked", ({ id, queue }) => trouble(`parked:${queue}`, { event: "parked", queue, id, reason: "quota" }));
  worker.on("failed", ({ id, queue, attempt, final, error }) => {
    const fields = errorFields(error);
    trouble(`failed:${queue}:${fields.error}`, { event: "failed", queue, id, attempt, final, ...fields });
  });
  worker.on("stalled", ({ id, queue }) => trouble(`stalled:${queue}`, { event: "stalled", queue, id }));
  worker.on("lockLost", ({ id, queue }) => trouble(`lock-lost:${queue}`, { event: "lock-lost", queue, id }));
  worker.on("blocked", ({ queue, blockedMs, lockDurationMs }) =>
    trouble(`blocked:${queue}`, { event: "blocked", queue, blockedMs, lockDurationMs, pid: process.pid }),
  );
  // Of the same kind whatever the queue: a Redis that is away is one trouble.
  worker.on("error", (error, { kind, suppressed }) =>
    trouble(`error:${kind}`, {
      event: "error",
      queue: name,
      ...errorFields(error),
      ...(suppressed > 0 ? { suppressed } : {}),
    }),
  );
  return worker;
}
