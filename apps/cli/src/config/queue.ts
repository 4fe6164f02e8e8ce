import type { Limiter, Queue } from "headgate";
import { unknownTarget } from "../levers/target.ts";
import type { LoadedConfig } from "./load.ts";

/** The queue of the config with this name, or HG_TARGET_UNKNOWN. */
export function queueOf({ queues }: Pick<LoadedConfig, "queues">, name: string): Queue {
  const queue = queues.get(name)?.queue;
  if (queue === undefined) throw unknownTarget(name, [...queues.keys()]);
  return queue;
}

/** The limiter of the config with this name; `limiter:name` is understood too. */
export function limiterOf({ limiters }: Pick<LoadedConfig, "limiters">, name: string): Limiter {
  const limiter = limiters.get(name.replace(/^limiter:/, ""));
  if (limiter === undefined) throw unknownTarget(name, [...limiters.keys()]);
  return limiter;
}
