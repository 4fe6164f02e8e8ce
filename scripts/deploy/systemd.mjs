import { spawn } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../run/root.mjs";
import { countsOf, enqueue } from "./app.mjs";
import { claim } from "./report.mjs";
import { freePort, must, sh, statusOf, until } from "./sh.mjs";

/** @typedef {import("./check.mjs").Stage} Stage */

const UNIT = join(root, "deploy/systemd/headgate.service");

/** The machine itself under a layer that is thrown away, with the unit and the project in it; its network is ours. */
const BOOT = `
set -e
cd "$1"
mount --make-rprivate /
mkdir -p layer machine
mount -t tmpfs tmpfs layer
mkdir layer/up layer/work
mount -t overlay overlay -o lowerdir=/,upperdir=layer/up,workdir=layer/work machine
: > machine/etc/machine-id
mkdir -p machine/srv machine/etc/headgate
cp -r app machine/srv/app
cp headgate.service machine/etc/systemd/system/headgate.service
install -m 600 env machine/etc/headgate/env
exec systemd-nspawn --quiet -D machine --register=no --keep-unit --boot --console=pipe -- systemd.unit=basic.target
`;

/** The unit of deploy/systemd, under a systemd of its own. @param {Stage} stage */
export async function trySystemd({ folder, app, redis }) {
  const verified = await sh("systemd-analyze", ["verify", UNIT]);
  claim("systemd-analyze verify has nothing to say", verified.code === 0 && verified.output === "", verified.output);
  const exposure = await must("systemd-analyze", ["security", "--offline=true", UNIT]);
  claim(
    "systemd-analyze security",
    true,
    exposure
      .trim()
      .split("\n")
      .at(-1)
      ?.replace(/[^\x20-\x7e]/g, ""),
  );

  writeFileSync(join(folder, "env"), `REDIS_URL=${redis}\n`);
  // Its network is this machine's, where 3002 may be taken.
  const port = await freePort();
  writeFileSync(join(folder, "headgate.service"), readFileSync(UNIT, "utf8").replace("3002", String(port)));
  const machine = spawn("unshare", ["-m", "/bin/sh", "-c", BOOT, "boot", folder], { stdio: "ignore" });
  const init = await initOf(machine.pid ?? 0);
  try {
    /** @param {string[]} args */
    const inside = async (...args) => (await sh("nsenter", ["-t", init, "-m", "-u", "-i", "-p", "-C", ...args])).output;
    await until("systemd runs", async () => (await inside("systemctl", "is-system-running")).includes("running"));
    await tryUnit(app, redis, `http://127.0.0.1:${port}/readyz`, inside);
  } finally {
    // With the first process of its own ends everything in it.
    process.kill(init, "SIGKILL");
  }
}

/** @param {string} app @param {string} redis @param {string} readyz @param {(...args: string[]) => Promise<string>} inside */
async function tryUnit(app, redis, readyz, inside) {
  /** @param {string} name */
  const property = async (name) => (await inside("systemctl", "show", "headgate", "-p", name, "--value")).trim();
  const journal = () => inside("journalctl", "-u", "headgate", "--no-pager", "-o", "cat");
  const ready = () => until("it is ready", async () => (await statusOf(readyz)) === 200);

  await inside("systemctl", "start", "headgate");
  claim("started, and ready", true, `after ${await ready()} ms`);
  await inside("systemctl", "reload", "headgate");
  await until("it has rolled", async () => (await journal()).includes("rolled processes=4"));
  claim("reload replaces its processes", (await property("ActiveState")) === "active");

  const before = await property("MainPID");
  await inside("kill", "-9", before);
  await until("it is back", async () => ![before, "0"].includes(await property("MainPID")));
  await ready();
  claim("killed with -9, it is started again", (await property("NRestarts")) === "1");

  await enqueue(app, redis, 6, 60_000);
  await until("its jobs run", async () => (await countsOf(app, redis)).active === 6);
  const from = performance.now();
  await inside("systemctl", "stop", "headgate");
  const seconds = ((performance.now() - from) / 1_000).toFixed(1);
  const end = `${await property("Result")} ${await property("ExecMainStatus")}`;
  claim("stop drains within the timeout, exit 0", end === "success 0", `${seconds} s, jobs of 60 s under way`);
  const { wait, active } = await countsOf(app, redis);
  claim("its unfinished jobs wait again", wait === 6 && active === 0, { wait, active });

  for (const [code, why, edit] of /** @type {const} */ ([
    ["2", "a config that cannot be used", "sed -i 's/concurrency: 10/concurrency: 0/' /srv/app/headgate.config.ts"],
    [
      "5",
      "a password that is wrong",
      "sed -i 's/concurrency: 0/concurrency: 10/' /srv/app/headgate.config.ts; sed -i 's#//#//nobody:wrong@#' /etc/headgate/env",
    ],
  ])) {
    await inside("sh", "-c", edit);
    await inside("systemctl", "start", "headgate");
    await until("it has given up", async () => (await property("ActiveState")) === "failed");
    const seen = `exit ${await property("ExecMainStatus")}, ${await property("NRestarts")} restarts`;
    claim(`${why} is not started again`, seen === `exit ${code}, 0 restarts`, seen);
  }
}

/** The first process inside, as we see it. @param {number} pid of unshare */
async function initOf(pid) {
  let init = 0;
  await until("the machine boots", async () => {
    // Before that its children are the commands that make its layer.
    init = Number((await sh("pgrep", ["-x", "-P", pid, "systemd"])).output);
    return init > 0;
  });
  return init;
}
