import { spawn } from "node:child_process";
import { once } from "node:events";
import { constants } from "node:os";
import { root } from "./root.mjs";

// Ctrl-C reaches us once from the terminal and once from npm, which forwards it. A second press means "now", so the echo
// of the first must not count as one.
const ECHO_MS = 300;
const SIGNALS = /** @type {const} */ (["SIGINT", "SIGTERM", "SIGHUP"]);

/**
 * A step of the set-up: its output goes to stderr.
 *
 * @param {string} program @param {string[]} args @param {NodeJS.ProcessEnv} [env]
 * @returns {Promise<number>} exit code
 */
export async function run(program, args, env = process.env) {
  const child = spawn(program, args, { cwd: root, env, stdio: ["ignore", process.stderr, process.stderr] });
  const [code] = await once(child, "close");
  return typeof code === "number" ? code : 1;
}

/**
 * The job: it has our stdio, gets our signals, its exit code becomes ours. `after` runs when it has ended.
 *
 * @param {string} program @param {string[]} args @param {NodeJS.ProcessEnv} env @param {() => Promise<void>} after
 */
export async function runAsOurselves(program, args, env, after) {
  // A group of its own, or the terminal would send it Ctrl-C a second time beside us.
  const child = spawn(program, args, { cwd: root, env: { ...process.env, ...env }, stdio: "inherit", detached: true });
  const guard = endGroupWithUs(child.pid);
  let last = 0;
  /** @param {NodeJS.Signals} signal */
  const forward = (signal) => {
    const now = Date.now();
    if (now - last > ECHO_MS) child.kill(signal);
    last = now;
  };
  for (const signal of SIGNALS) process.on(signal, forward);
  try {
    const [code, signal] = await once(child, "close");
    process.exitCode = code ?? 128 + (constants.signals[/** @type {NodeJS.Signals} */ (signal)] ?? 0);
  } finally {
    guard();
    await after();
    for (const signal of SIGNALS) process.off(signal, forward);
  }
}

/**
 * Kills the job's whole group when we are killed with -9: its Redis is gone then, and it would retry for ever.
 *
 * @param {number | undefined} pid
 * @returns {() => void} call it when the job has ended
 */
function endGroupWithUs(pid) {
  if (pid === undefined) return () => undefined;
  // "-s KILL": dash, Debian's sh, takes "-KILL -- -1" for a wrong number.
  const script = 'while read -r _; do :; done; kill -s KILL -- "-$1"';
  const guard = spawn("/bin/sh", ["-c", script, "headgate-guard", String(pid)], {
    stdio: ["pipe", "ignore", "ignore"],
    detached: true,
  });
  guard.unref();
  return () => guard.kill("SIGKILL");
}
