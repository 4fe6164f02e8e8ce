import { dirname } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { loadConfig as readConfig } from "c12";
import { isHeadgateError, type Limiter } from "headgate";
import { headgateError } from "headgate/internal";
import type { Connection } from "headgate/worker";
import { createJiti, type Jiti } from "jiti";
import { chooseConnection } from "./connection.ts";
import { findConfig } from "./find.ts";
import { mistakesOf } from "./mistakes.ts";
import { type CheckedConfig, type CheckedQueue, configSchema } from "./schema.ts";

export interface ConfigRequest {
  readonly cwd: string;
  /** `--config` */
  readonly file: string | undefined;
  /** `--redis` */
  readonly redis: string | undefined;
  /** REDIS_URL */
  readonly redisUrl: string | undefined;
}

export interface LoadedConfig {
  /** Absolute path. */
  readonly file: string;
  readonly connection: Connection;
  readonly queues: ReadonlyMap<string, CheckedQueue>;
  readonly limiters: ReadonlyMap<string, Limiter>;
  readonly boardPort: number | undefined;
  readonly gatewayPort: number | undefined;
  /** Of health and figures. */
  readonly workerPort: number | undefined;
  /** Imports a module as the config itself was imported: TypeScript without a build, one instance of each module. */
  readonly importModule: (path: string) => Promise<unknown>;
}

export async function loadConfig(request: ConfigRequest): Promise<LoadedConfig> {
  const file = findConfig(request.cwd, request.file);
  // One loader for config and processors: a limiter that both import has to be one object.
  const jiti = createJiti(file, { moduleCache: true, interopDefault: true });
  const raw = await evaluate(file, jiti);
  const parsed = configSchema.safeParse(raw);
  if (!parsed.success) throw invalid(file, mistakesOf(parsed.error, raw));
  const config = parsed.data;
  const mistakes = relationMistakes(config);
  if (mistakes.length > 0) throw invalid(file, mistakes);
  return {
    file,
    connection: chooseConnection({ flag: request.redis, environment: request.redisUrl, config: config.connection }),
    queues: new Map(Object.entries(config.queues)),
    limiters: new Map(Object.values(config.queues).map(({ queue }) => [queue.limiter.name, queue.limiter])),
    boardPort: config.board?.port,
    gatewayPort: config.gateway?.port,
    workerPort: config.worker?.port,
    importModule: (path) => jiti.import(path),
  };
}

async function evaluate(file: string, jiti: Jiti): Promise<unknown> {
  try {
    const { config } = await readConfig<Record<string, unknown>>({
      jiti,
      configFile: file,
      cwd: dirname(file),
      // One file, and nothing merged into it: merging would copy the frozen definitions.
      rcFile: false,
      globalRc: false,
      packageJson: false,
      dotenv: false,
      extend: false,
      giget: false,
      envName: false,
      merger: (...sources) => sources.find((source) => source !== undefined && source !== null) ?? {},
    });
    return config;
  } catch (error) {
    // A definition in the config that is wrong says so itself, with its own code.
    if (isHeadgateError(error)) throw error;
    throw headgateError("HG_CONFIG_INVALID", {
      message: `${file} cannot be loaded: ${error instanceof Error ? error.message : String(error)}`,
      expected: "a module whose default export is defineConfig({ … })",
      got: error instanceof Error ? error.name : typeof error,
      fix: "run it again with --debug to see where it fails",
      cause: error,
    });
  }
}

/** Relations between options, pure. */
export function relationMistakes(config: CheckedConfig): readonly string[] {
  const entries = Object.entries(config.queues);
  const names = entries
    .filter(([name, { queue }]) => queue.name !== name)
    .map(([name, { queue }]) => `queues.${name}.queue: expected a queue named "${name}", got "${queue.name}"`);
  const limiters = entries.flatMap(([name, { queue }], index) => {
    const earlier = entries.slice(0, index).find(([, other]) => other.queue.limiter.name === queue.limiter.name);
    if (earlier === undefined || isDeepStrictEqual(earlier[1].queue.limiter, queue.limiter)) return [];
    return [
      `queues.${name}.queue: expected the same limiter "${queue.limiter.name}" as queues.${earlier[0]}, got another definition of it`,
    ];
  });
  const sandboxes = entries
    .filter(([, { sandbox = false, processor }]) => sandbox !== false && typeof processor !== "string")
    .map(([name]) => `queues.${name}.sandbox: expected the path of a module as processor, which a sandbox can load`);
  return [...names, ...limiters, ...sandboxes];
}

function invalid(file: string, mistakes: readonly string[]): Error {
  return headgateError("HG_CONFIG_INVALID", {
    message: `${file} is not valid:\n${mistakes.map((mistake) => `  ${mistake}`).join("\n")}`,
    fix: "correct what is named above; docs/command-line.md shows the shape",
  });
}
