import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, realpathSync, rmSync, symlinkSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { createInterface } from "node:readline";
import { findServer } from "./find.mjs";

const PORT_ATTEMPTS = 5;
const READY = /Ready to accept connections|Sentinel ID is/;

// The shell is the server's parent and holds a pipe to us. When we end, however we end, the pipe reads end-of-file and
// the shell kills the server. KILL and not TERM: a server that a test has stopped or that hangs in a script must go too,
// and there is nothing to save. It also ends by itself when the server does, so its exit is the server's exit.
const GUARD = `
dir=$1 link=$2; shift 2
exec 3<&0
"$link" "$@" </dev/null 3<&- &
server=$!
echo "pid $server"
# The shell would report the kill on a stderr that nobody holds any more, and die of that before the clean-up.
exec 2>/dev/null
{ while read -r _ <&3; do :; done; kill -KILL "$server"; } >/dev/null 2>&1 &
watch=$!
wait "$server"; code=$?
kill "$watch" 2>/dev/null
[ -z "$dir" ] || rm -rf "$dir"
exit "$code"
`;

/**
 * @typedef {object} PrivateRedis
 * @property {string} url
 * @property {number} port
 * @property {number} pid the server's own
 * @property {() => Promise<void>} stop Ends it and removes its folder, unless the folder was given. Idempotent.
 * @property {() => Promise<void>} kill SIGKILL to the server, as a crash would. Start it again with the same port and dir.
 */

/**
 * A Redis of our own: loopback, no persistence, never evicting. It ends with this process, also on kill -9.
 *
 * @param {{ args?: readonly string[], port?: number, dir?: string, config?: string, server?: string }} [options] args come last, so
 *   they win; dir is kept, for a restart with persistence; config: a file that the server reads first
 * @returns {Promise<PrivateRedis>}
 */
export async function startPrivateRedis({ args = [], port, dir, config, server = findServer(process.env.PATH) } = {}) {
  if (server === undefined) throw new Error("no redis-server and no valkey-server on the PATH");
  for (let attempt = 1; ; attempt += 1) {
    const wanted = port ?? (await freePort());
    try {
      return await launch(server, wanted, dir, config, args);
    } catch (error) {
      // Between finding a free port and binding it, another process may take it.
      const taken = error instanceof Error && error.message.includes("Address already in use");
      if (!taken || port !== undefined || attempt === PORT_ATTEMPTS) throw error;
    }
  }
}

/**
 * @param {string} server @param {number} port @param {string | undefined} dir @param {string | undefined} config
 * @param {readonly string[]} args
 */
async function launch(server, port, dir, config, args) {
  const own = mkdtempSync(join(tmpdir(), "headgate-redis-"));
  // A link with the right name makes redis-check-rdb a server; a plain sh cannot set argv0.
  const link = join(own, basename(server).startsWith("valkey") ? "valkey-server" : "redis-server");
  symlinkSync(realpathSync(server), link);
  const settings = [
    ...(config === undefined ? [] : [config]),
    "--port",
    String(port),
    "--bind",
    "127.0.0.1",
    "--dir",
    dir ?? own,
    "--save",
    "",
    "--appendonly",
    "no",
  ];
  const guard = spawn(
    "/bin/sh",
    ["-c", GUARD, "headgate-redis", own, link, ...settings, "--maxmemory-policy", "noeviction", ...args],
    // A group of its own: Ctrl-C must reach the server last, not first.
    { stdio: ["pipe", "pipe", "pipe"], detached: true },
  );
  const ended = once(guard, "close").then(() => undefined);
  ended.catch(() => undefined);
  const pid = await ready(guard, ended).catch(async (error) => {
    guard.stdin.end();
    rmSync(own, { recursive: true, force: true });
    throw error;
  });
  for (const part of [guard, guard.stdin, guard.stdout, guard.stderr]) unref(part);
  return {
    url: `redis://127.0.0.1:${port}`,
    port,
    pid,
    stop: async () => {
      guard.ref();
      guard.stdin.end();
      await ended;
    },
    kill: async () => {
      guard.ref();
      if (guard.exitCode === null) process.kill(pid, "SIGKILL");
      await ended;
    },
  };
}

/**
 * Reads on after the server is ready, or the pipe would fill and block it.
 *
 * @param {import("node:child_process").ChildProcessWithoutNullStreams} guard
 * @param {Promise<void>} ended
 * @returns {Promise<number>} the server's pid
 */
async function ready(guard, ended) {
  /** @type {string[]} */
  const said = [];
  let pid = 0;
  let isReady = false;
  const answers = new Promise((resolve) => {
    /** @param {string} line */
    const read = (line) => {
      if (isReady) return;
      const printed = /^pid (\d+)$/.exec(line)?.[1];
      if (printed) pid = Number(printed);
      said.push(line);
      isReady = pid > 0 && said.some((each) => READY.test(each));
      if (isReady) resolve(undefined);
    };
    createInterface({ input: guard.stdout }).on("line", read);
    createInterface({ input: guard.stderr }).on("line", read);
  });
  await Promise.race([answers, ended]);
  if (!isReady) throw new Error(`the server did not start:\n${said.slice(-8).join("\n")}`);
  return pid;
}

/** A private Redis must not keep its owner alive. @param {object} part */
function unref(part) {
  if ("unref" in part && typeof part.unref === "function") part.unref();
}

/** @returns {Promise<number>} */
async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (address === null || typeof address === "string") throw new Error("no free port");
  return address.port;
}
