import { dirname, resolve } from "node:path";
import { headgateError } from "headgate/internal";
import type { LoadedConfig } from "./load.ts";
import { describe } from "./mistakes.ts";
import type { AnyProcessor } from "./schema.ts";

/** The processor of a queue: as it stands in the config, or from the module that it names. */
export async function processorOf(config: LoadedConfig, name: string): Promise<AnyProcessor> {
  const processor = config.queues.get(name)?.processor;
  if (typeof processor === "function") return processor;
  const option = `queues.${name}.processor`;
  if (processor === undefined) {
    throw headgateError("HG_CONFIG_INVALID", {
      message: `${option}: expected a function or the path of a module, got nothing`,
      expected: "a function (payload, ctx), or the path of a module that exports one by default",
      got: "nothing",
      fix: `give queue "${name}" a processor, or name only queues that have one`,
    });
  }
  const path = resolve(dirname(config.file), processor);
  const loaded = defaultExport(await importProcessor(config, option, path));
  if (typeof loaded === "function") return loaded as AnyProcessor;
  throw headgateError("HG_CONFIG_INVALID", {
    message: `${option}: ${path} has no function as its default export`,
    expected: "export default async (payload, ctx) => …",
    got: describe(loaded),
    fix: "export the processor by default",
  });
}

async function importProcessor(config: LoadedConfig, option: string, path: string): Promise<unknown> {
  try {
    return await config.importModule(path);
  } catch (error) {
    throw headgateError("HG_CONFIG_INVALID", {
      message: `${option}: ${path} cannot be loaded: ${error instanceof Error ? error.message : String(error)}`,
      expected: "a module that can be imported",
      got: error instanceof Error ? error.name : typeof error,
      fix: "correct the path (it is relative to the config) or the module; --debug shows where it fails",
      cause: error,
    });
  }
}

function defaultExport(module: unknown): unknown {
  if (typeof module !== "object" || module === null) return module;
  return Reflect.get(module, "default");
}
