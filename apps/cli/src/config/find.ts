import { existsSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { headgateError } from "headgate/internal";

const NAME = "headgate.config";
const EXTENSIONS = ["ts", "mts", "js", "mjs"] as const;

/** The config that `--config` names, or the nearest one from the working directory upwards. */
export function findConfig(
  cwd: string,
  named: string | undefined,
  exists: (path: string) => boolean = existsSync,
): string {
  if (named !== undefined) {
    const path = resolve(cwd, named);
    if (exists(path)) return path;
    throw headgateError("HG_CONFIG_NOT_FOUND", {
      message: `There is no config at ${path}.`,
      expected: "the path of a config file",
      got: named,
      fix: "correct --config, or leave it out to look upwards from the working directory",
    });
  }
  for (const folder of upwards(resolve(cwd))) {
    for (const extension of EXTENSIONS) {
      const path = join(folder, `${NAME}.${extension}`);
      if (exists(path)) return path;
    }
  }
  throw headgateError("HG_CONFIG_NOT_FOUND", {
    message: `There is no ${NAME}.{${EXTENSIONS.join(",")}} in ${resolve(cwd)} or in a folder above it.`,
    expected: `a ${NAME}.ts`,
    got: "none",
    fix: "headgate init writes one; or name yours with --config",
  });
}

function upwards(from: string): readonly string[] {
  const above = dirname(from);
  return above === from ? [from] : [from, ...upwards(above)];
}
