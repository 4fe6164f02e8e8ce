import { execFile } from "node:child_process";
import { mkdirSync, readdirSync } from "node:fs";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";
import { isExecutable } from "../redis/find.mjs";
import { inRoot } from "../run/root.mjs";

const NAMES = /** @type {const} */ (["prometheus", "promtool"]);
/** About 20 MB come over the wire. */
const TIMEOUT_MS = 300_000;
const run = promisify(execFile);

/**
 * Prometheus and promtool: from the PATH, else Debian's package, which is only unpacked (installed it would be a service).
 *
 * @returns {Promise<Record<"prometheus" | "promtool", string>>} their paths
 */
export async function providePrometheus() {
  const folder = inRoot("node_modules/.cache/headgate-prometheus");
  const unpacked = join(folder, "usr", "bin");
  const found = findPrometheus([...(process.env["PATH"] ?? "").split(delimiter).filter(Boolean), unpacked]);
  if (found !== null) return found;
  process.stderr.write("headgate: no Prometheus on this machine: unpacking Debian's package\n");
  mkdirSync(folder, { recursive: true });
  const download = () => run("apt-get", ["download", "prometheus"], { cwd: folder, timeout: TIMEOUT_MS });
  // The package lists may be missing or too old; only then are they fetched.
  await download().catch(() => run("apt-get", ["update"], { timeout: TIMEOUT_MS }).then(download));
  const file = readdirSync(folder).find((name) => name.endsWith(".deb")) ?? "";
  await run("dpkg-deb", ["-x", join(folder, file), folder], { timeout: TIMEOUT_MS });
  const now = findPrometheus([unpacked]);
  if (now === null) throw new Error("no Prometheus found: put prometheus and promtool on the PATH");
  return now;
}

/**
 * @param {readonly string[]} folders
 * @returns {Record<"prometheus" | "promtool", string> | null}
 */
function findPrometheus(folders) {
  const [prometheus, promtool] = NAMES.map((name) => folders.map((folder) => join(folder, name)).find(isExecutable));
  return prometheus && promtool ? { prometheus, promtool } : null;
}
