import { headgateError } from "headgate/internal";
import { createWorker, type Worker } from "headgate/worker";
import type { LoadedConfig } from "../config/load.ts";
import { processorOf } from "../config/processor.ts";
import type { Context } from "../context.ts";
import { ExitCode } from "../exit-code.ts";
import { unknownTarget } from "../levers/target.ts";
import { errorFields, type LogEvent, logLine } from "./log-line.ts";

export interface WorkerFlags {
  readonly concurrency?: number;
  readonly quiet?: boolean;
}

type Log = (event: LogEvent) => void;

/** Runs the named queues, or all that have a processor, until the first signal; then drains. */
export async function runWorkers(context: Context, named: readonly string[], flags: WorkerFlags): Promise<ExitCode> {
  const { config, output, stop } = context;
  const log: Log = (event) => {
    if (output.json) output.object({ at: Date.now(), ...event });
    else output.log(logLine(event, new Date()));
  };
  const names = chooseQueues(config, named);
  const processors = await Promise.all(names.map((name) => processorOf(config, name)));
  const workers: Worker[] = [];
  try {
    for (const [index, name] of names.entries()) {
      const processor = processors[index];
      if (processor !== undefined) workers.push(startWorker(config, name, processor, flags, log));
    }
    await Promise.all(workers.map((worker) => worker.ready()));
    for (const name of names) log({ event: "ready", queue: name });
    const signal = await stop.first;
    for (const name of names) log({ event: "draining", queue: name, signal });
  } finally {
    await Promise.all(workers.map((worker) => worker.close()));
  }
  for (const name of names) log({ event: "closed", queue: name });
  return ExitCode.ok;
}

/** Named queues must exist; without names, every queue that has a processor. */
export function chooseQueues(
  config: Pick<LoadedConfig, "queues" | "limiters">,
  named: readonly string[],
): readonly string[] {
  const unknown = named.find((name) => !config.queues.has(name));
  if (unknown !== undefined) throw unknownTarget(unknown, [...config.queues.keys()]);
  if (named.length > 0) return [...new Set(named)];
  const runnable = [...config.queues].filter(([, { processor }]) => processor !== undefined).map(([name]) => name);
  if (runnable.length > 0) return runnable;
  throw headgateError("HG_CONFIG_INVALID", {
    message: "No queue of the config has a processor.",
    expected: "a processor for at least one queue",
    got: `none for ${[...config.queues.keys()].join(", ")}`,
    fix: "give a queue a processor: a function, or the path of a module",
  });
}

function startWorker(
  config: LoadedConfig,
  name: string,
  processor: Awaited<ReturnType<typeof processorOf>>,
  flags: WorkerFlags,
  log: Log,
): Worker {
  const entry = config.queues.get(name);
  if (entry === undefined) throw unknownTarget(name, [...config.queues.keys()]);
  const concurrency = flags.concurrency ?? entry.concurrency;
  const worker = createWorker(entry.queue, processor, {
    connection: config.connection,
    ...(concurrency === undefined ? {} : { concurrency }),
  });
  log({ event: "starting", queue: name, concurrency: concurrency ?? null, pid: process.pid });
  if (flags.quiet !== true) {
    worker.on("completed", ({ id, queue, attempt }) => log({ event: "completed", queue, id, attempt }));
    worker.on("deferred", ({ id, queue, deferrals, delayMs, reason }) =>
      log({ event: "deferred", queue, id, deferrals, delayMs, reason }),
    );
  }
  worker.on("parked", ({ id, queue, reason }) => log({ event: "parked", queue, id, reason }));
  worker.on("failed", ({ id, queue, attempt, final, error }) =>
    log({ event: "failed", queue, id, attempt, final, ...errorFields(error) }),
  );
  worker.on("error", (error) => log({ event: "error", queue: name, ...errorFields(error) }));
  return worker;
}
