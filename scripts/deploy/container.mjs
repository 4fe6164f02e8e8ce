import { spawn } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../run/root.mjs";
import { countsOf, enqueue } from "./app.mjs";
import { importBase } from "./base-image.mjs";
import { claim } from "./report.mjs";
import { freePort, must, sh, statusOf, until } from "./sh.mjs";

/** @typedef {import("./check.mjs").Stage} Stage */

const RECIPE = join(root, "deploy/container");
const HARDENED = [
  "--network",
  "host",
  "--read-only",
  "--tmpfs",
  "/tmp",
  "--cap-drop",
  "ALL",
  "--security-opt",
  "no-new-privileges",
];

/** The image of deploy/container, on an engine of our own without a bridge. @param {Stage} stage */
export async function tryContainer({ folder, app, redis }) {
  const socket = `unix://${join(folder, "docker.sock")}`;
  /** @param {string[]} args */
  const docker = (...args) =>
    must("docker", ["-H", socket, ...args], { env: { ...process.env, DOCKER_BUILDKIT: "0" } });
  const engine = startEngine(folder, socket);
  try {
    await until("the container engine answers", async () => (await sh("docker", ["-H", socket, "info"])).code === 0);
    const base = await importBase(folder, docker);
    cpSync(join(RECIPE, ".dockerignore"), join(app, ".dockerignore"));
    // Its network is this machine's, where 3002 may be taken.
    const port = await freePort();
    writeFileSync(
      join(app, "Dockerfile"),
      readFileSync(join(RECIPE, "Dockerfile"), "utf8").replaceAll("3002", String(port)),
    );
    await docker("build", "--network", "host", "--build-arg", `BASE=${base}`, "-t", "fleet", app);
    claim("the image builds", true, await docker("images", "--format", "{{.Size}}", "fleet"));
    await docker("run", "-d", "--name", "fleet", ...HARDENED, "-e", `REDIS_URL=${redis}`, "fleet");
    const ms = await until("it is ready", async () => (await statusOf(`http://127.0.0.1:${port}/readyz`)) === 200);
    claim(
      "it is ready with a read-only file system, no capabilities, and a user that is not root",
      true,
      `after ${ms} ms`,
    );
    const who = await docker(
      "exec",
      "fleet",
      "node",
      "-p",
      'process.getuid() + " " + require("fs").readFileSync("/proc/1/cmdline", "utf8").split("\\0")[0]',
    );
    claim("its user is 1000 and node is PID 1", who.trim() === "1000 node", who);
    const touched = await sh("docker", ["-H", socket, "exec", "fleet", "/usr/bin/touch", "/app/x"]);
    claim("nothing can be written", touched.code !== 0, touched.output);
    await until("it is healthy", async () =>
      (await docker("inspect", "fleet", "--format", "{{.State.Health.Status}}")).includes("healthy"),
    );
    claim("the health check says healthy", true);
    await docker("kill", "-s", "HUP", "fleet");
    await until("it has rolled", async () =>
      (await docker("logs", "fleet").catch(() => "")).includes("rolled processes=2"),
    );
    claim("SIGHUP replaces its processes", true);
    await stopWithJobs({ app, redis, docker });
  } finally {
    engine.kill("SIGTERM");
    await until("the engine has ended", async () => engine.exitCode !== null || engine.signalCode !== null);
    // It leaves the network that it lent to containers mounted, and the folder could not be removed.
    await sh("umount", [join(folder, "engine/exec/netns/default")]);
  }
}

/** @param {{ app: string, redis: string, docker: (...args: string[]) => Promise<string> }} stage */
async function stopWithJobs({ app, redis, docker }) {
  await enqueue(app, redis, 6, 60_000);
  await until("its jobs run", async () => (await countsOf(app, redis)).active === 6);
  const from = performance.now();
  await docker("stop", "-t", "30", "fleet");
  const seconds = ((performance.now() - from) / 1_000).toFixed(1);
  const code = (await docker("inspect", "fleet", "--format", "{{.State.ExitCode}}")).trim();
  claim("docker stop drains: exit 0", code === "0", `exit ${code} after ${seconds} s, jobs of 60 s under way`);
  const { wait, active } = await countsOf(app, redis);
  claim("its unfinished jobs wait again", wait === 6 && active === 0, { wait, active });
}

/** @param {string} folder @param {string} socket */
function startEngine(folder, socket) {
  const own = join(folder, "engine");
  mkdirSync(own);
  const args = [
    "-H",
    socket,
    "--data-root",
    join(own, "data"),
    "--exec-root",
    join(own, "exec"),
    "--pidfile",
    join(own, "pid"),
  ];
  const nothing = ["--bridge=none", "--iptables=false", "--ip6tables=false", "--ip-forward=false"];
  return spawn("dockerd", [...args, ...nothing], { stdio: "ignore" });
}
