import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

/** Debian's redis-tools holds the server under this name, without the service: what it does depends on its argv0. */
export const TOOLS_BINARY = "/usr/bin/redis-check-rdb";

/**
 * @param {string | undefined} path the PATH
 * @param {(file: string) => boolean} [executable]
 * @returns {string | undefined}
 */
export function findServer(path, executable = isExecutable) {
  const folders = (path ?? "").split(delimiter).filter(Boolean);
  const named = ["redis-server", "valkey-server"].flatMap((name) => folders.map((folder) => join(folder, name)));
  return [...named, TOOLS_BINARY].find(executable);
}

/** @param {string} file */
export function isExecutable(file) {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
