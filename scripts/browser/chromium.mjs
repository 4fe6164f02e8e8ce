import { delimiter, join } from "node:path";
import { aptCanInstall, aptInstall } from "../apt.mjs";
import { isExecutable } from "../redis/find.mjs";

const NAMES = ["chromium", "chromium-browser", "google-chrome"];
/** About 100 MB come over the wire. */
const TIMEOUT_MS = 600_000;

/**
 * A Chromium of this machine: CHROMIUM_PATH, one on the PATH, or Debian's, which is installed when we may.
 *
 * @returns {Promise<string>} its path
 */
export async function provideChromium() {
  const found = findChromium(process.env);
  if (found !== undefined) return found;
  if (aptCanInstall()) {
    process.stderr.write("headgate: no Chromium on this machine: installing Debian's chromium with apt-get\n");
    await aptInstall(["chromium"], TIMEOUT_MS);
  }
  const installed = findChromium(process.env);
  if (installed !== undefined) return installed;
  throw new Error("no Chromium found: install one (apt-get install chromium), or set CHROMIUM_PATH to its binary");
}

/**
 * @param {NodeJS.ProcessEnv} environment
 * @param {(file: string) => boolean} [executable]
 * @returns {string | undefined}
 */
export function findChromium({ CHROMIUM_PATH, PATH }, executable = isExecutable) {
  if (CHROMIUM_PATH) return CHROMIUM_PATH;
  const folders = (PATH ?? "").split(delimiter).filter(Boolean);
  return NAMES.flatMap((name) => folders.map((folder) => join(folder, name))).find(executable);
}
