import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { isExecutable, TOOLS_BINARY } from "./find.mjs";

const APT = "/usr/bin/apt-get";
const TIMEOUT_MS = 180_000;
const INSTALL = ["install", "-y", "--no-install-recommends", "-o", "DPkg::Lock::Timeout=60", "redis-tools"];

export function aptCanInstall() {
  return process.getuid?.() === 0 && isExecutable(APT) && isDebian(osRelease());
}

/** @param {string} release the text of /etc/os-release */
export function isDebian(release) {
  return /^ID(_LIKE)?=.*\b(debian|ubuntu)\b/m.test(release);
}

/** redis-tools and not redis-server: it holds the same binary, and installs no service that would start. */
export async function installRedisTools() {
  // The package lists may be missing or too old to name a file that still exists; only then are they fetched.
  if (!(await apt(INSTALL)).ok) {
    await apt(["update"]);
    const second = await apt(INSTALL);
    if (!second.ok)
      throw new Error(`apt-get install redis-tools failed:\n${second.output.split("\n").slice(-8).join("\n")}`);
  }
  if (!isExecutable(TOOLS_BINARY)) throw new Error(`apt-get installed redis-tools, but there is no ${TOOLS_BINARY}`);
}

/** @param {string[]} args */
async function apt(args) {
  // dpkg refuses to work when the PATH lacks the sbin folders.
  const PATH = `${process.env.PATH}:/usr/local/sbin:/usr/sbin:/sbin`;
  const child = spawn(APT, args, {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, PATH, DEBIAN_FRONTEND: "noninteractive", LC_ALL: "C" },
    timeout: TIMEOUT_MS,
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (part) => (output += part));
  const [code] = await once(child, "close");
  return { ok: code === 0, output: output.trim() };
}

function osRelease() {
  try {
    return readFileSync("/etc/os-release", "utf8");
  } catch {
    return "";
  }
}
