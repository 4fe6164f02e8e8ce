// Debian's packages for what npm does not have: a Redis server, a browser. Only as root on Debian or Ubuntu, as in a container.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { isExecutable } from "./redis/find.mjs";

const APT = "/usr/bin/apt-get";

export function aptCanInstall() {
  return process.getuid?.() === 0 && isExecutable(APT) && isDebian(osRelease());
}

/** @param {string} release the text of /etc/os-release */
export function isDebian(release) {
  return /^ID(_LIKE)?=.*\b(debian|ubuntu)\b/m.test(release);
}

/** @param {readonly string[]} packages @param {number} timeoutMs of each of the at most three calls */
export async function aptInstall(packages, timeoutMs) {
  const install = ["install", "-y", "--no-install-recommends", "-o", "DPkg::Lock::Timeout=60", ...packages];
  // The package lists may be missing or too old to name a file that still exists; only then are they fetched.
  if ((await apt(install, timeoutMs)).ok) return;
  await apt(["update"], timeoutMs);
  const second = await apt(install, timeoutMs);
  if (second.ok) return;
  throw new Error(`apt-get install ${packages.join(" ")} failed:\n${second.output.split("\n").slice(-8).join("\n")}`);
}

/** @param {string[]} args @param {number} timeout */
async function apt(args, timeout) {
  // dpkg refuses to work when the PATH lacks the sbin folders.
  const PATH = `${process.env.PATH}:/usr/local/sbin:/usr/sbin:/sbin`;
  const child = spawn(APT, args, {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, PATH, DEBIAN_FRONTEND: "noninteractive", LC_ALL: "C" },
    timeout,
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
