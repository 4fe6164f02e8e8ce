// npm run check:deploy: every recipe of deploy/, tried for real, on a machine of one's own (root, Debian). Minutes, not seconds.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { aptInstall } from "../apt.mjs";
import { isExecutable } from "../redis/find.mjs";
import { startPrivateRedis } from "../redis.mjs";
import { makeApp } from "./app.mjs";
import { tryContainer } from "./container.mjs";
import { tryKubernetes } from "./kubernetes.mjs";
import { tryPrometheus } from "./prometheus.mjs";
import { result, section } from "./report.mjs";
import { trySystemd } from "./systemd.mjs";

/** @typedef {{ folder: string, app: string, redis: string }} Stage a folder to be thrown away, a project in it, a Redis */

const APT_MS = 300_000;

/** Each with the programs that it needs, and Debian's packages for them. */
const trials = [
  { name: "kubernetes", run: tryKubernetes, programs: [], packages: [] },
  {
    name: "prometheus",
    run: tryPrometheus,
    programs: ["prometheus", "promtool", "curl"],
    packages: ["prometheus", "curl"],
  },
  {
    name: "systemd",
    run: trySystemd,
    programs: ["systemd-nspawn", "systemd-analyze"],
    packages: ["systemd-container"],
  },
  { name: "container", run: tryContainer, programs: ["dockerd", "docker"], packages: ["docker.io"] },
];

process.env["PATH"] += `${delimiter}/usr/sbin${delimiter}/sbin`;
const wanted = process.argv.slice(2);
const folder = mkdtempSync(join(tmpdir(), "headgate-deploy-"));
const { folder: app, close } = await makeApp(folder);
try {
  for (const { name, run, programs, packages } of trials) {
    if (wanted.length > 0 && !wanted.includes(name)) continue;
    section(name);
    if (!programs.every(isOnPath)) await aptInstall(packages, APT_MS);
    const redis = await startPrivateRedis();
    try {
      await run({ folder, app, redis: redis.url });
    } finally {
      await redis.stop();
    }
  }
} finally {
  close();
  rmSync(folder, { recursive: true, force: true });
}
const { claims, failures } = result();
process.stdout.write(`deploy: ${claims - failures} of ${claims} claims hold\n`);
process.exitCode = failures > 0 ? 1 : 0;

/** @param {string} program */
function isOnPath(program) {
  return (process.env["PATH"] ?? "").split(delimiter).some((each) => isExecutable(join(each, program)));
}
