import { headgateError } from "headgate/internal";
import type { LoadedConfig } from "../config/load.ts";
import { processorOf } from "../config/processor.ts";
import type { Context } from "../context.ts";
import type { ExitCode } from "../exit-code.ts";
import { unknownTarget } from "../levers/target.ts";
import { runFleet } from "./fleet.ts";
import { runMember } from "./member.ts";
import type { WorkerFlags } from "./start-worker.ts";
import { isMember } from "./supervisor.ts";

/**
 * Runs the named queues, or all that have a processor, in so many processes, until the first signal; then drains. The processes
 * run the same command line, and come here too.
 */
export async function runWorkers(context: Context, named: readonly string[], flags: WorkerFlags): Promise<ExitCode> {
  const names = chooseQueues(context.config, named);
  if (isMember()) return runMember(context, names, flags);
  // What is wrong with the config is said once, by this process, before any other is started. What a sandbox loads is not let in.
  const own = names.filter((name) => (context.config.queues.get(name)?.sandbox || false) === false);
  await Promise.all(own.map((name) => processorOf(context.config, name)));
  return runFleet(context, names, flags);
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
