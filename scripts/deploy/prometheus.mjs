import { spawn } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../run/root.mjs";
import { countsOf, enqueue, headgate } from "./app.mjs";
import { claim } from "./report.mjs";
import { freePort, must, statusOf, until } from "./sh.mjs";

/** @typedef {import("./check.mjs").Stage} Stage */

/** KEDA's query, as it stands in the manifest, answered by a Prometheus that scrapes a fleet. @param {Stage} stage */
export async function tryPrometheus({ folder, app, redis }) {
  const manifest = readFileSync(join(root, "deploy/kubernetes/scaled-object.yaml"), "utf8");
  const query = (/query: (.+)$/m.exec(manifest)?.[1] ?? "").replaceAll("summarize", "greetings");
  const [port, scraped] = [await freePort(), await freePort()];
  const own = join(folder, "prometheus");
  mkdirSync(own);
  writeFileSync(
    join(own, "prometheus.yml"),
    `global: { scrape_interval: 1s }\nscrape_configs:\n  - job_name: fleet\n    static_configs: [{ targets: ["127.0.0.1:${scraped}"] }]\n`,
  );
  const server = spawn(
    "prometheus",
    [
      `--config.file=${own}/prometheus.yml`,
      `--storage.tsdb.path=${own}/data`,
      `--web.listen-address=127.0.0.1:${port}`,
    ],
    { stdio: "ignore" },
  );
  const fleet = spawn(
    process.execPath,
    ["node_modules/@headgate/cli/dist/main.js", "worker", "--processes", "2", "--port", String(scraped), "--quiet"],
    { cwd: app, env: { ...process.env, REDIS_URL: redis }, stdio: "ignore" },
  );
  try {
    await until("the fleet is ready", async () => (await statusOf(`http://127.0.0.1:${scraped}/readyz`)) === 200);
    await until("Prometheus is ready", async () => (await statusOf(`http://127.0.0.1:${port}/-/ready`)) === 200);
    claim("promtool check metrics has nothing to say", (await checkMetrics(scraped)) === "");
    await scenario(app, redis, () => value(port, query));
  } finally {
    fleet.kill("SIGTERM");
    server.kill("SIGTERM");
    await until("both have ended", async () => fleet.exitCode !== null && server.exitCode !== null);
  }
}

/** @param {string} app @param {string} redis @param {() => Promise<number>} desired */
async function scenario(app, redis, desired) {
  /** @param {string} what @param {number} expected */
  const yields = async (what, expected) => {
    await until(what, async () => (await desired()) === expected, 30_000).catch(() => undefined);
    const seen = await desired();
    claim(`${what}: ${expected}`, seen === expected, seen);
  };
  await yields("without work", 0);
  await headgate(app, redis, "limits", "api", "--limit", "requests=100000/1m", "--concurrency", "none");
  await enqueue(app, redis, 55, 8_000);
  await yields("55 jobs for processes of 10 slots", 6);
  await headgate(app, redis, "limits", "api", "--concurrency", "20");
  await yields("… and no more than 20 at once let in", 2);
  await headgate(app, redis, "pause", "limiter:api", "--for", "10m", "--reason", "quota");
  await yields("behind a shut gate", 1);
  await headgate(app, redis, "resume", "limiter:api");
  await headgate(app, redis, "limits", "api", "--concurrency", "none");
  await until(
    "all is done",
    async () => (await countsOf(app, redis)).wait === 0 && (await countsOf(app, redis)).active === 0,
  );
  await yields("the work is done", 0);
  await headgate(app, redis, "limits", "api", "--clear");
}

/** @param {number} port @param {string} query @returns {Promise<number>} */
async function value(port, query) {
  const response = await fetch(`http://127.0.0.1:${port}/api/v1/query?query=${encodeURIComponent(query)}`);
  const { data } = /** @type {{ data: { result: { value: [number, string] }[] } }} */ (await response.json());
  return Number(data.result[0]?.value[1]);
}

/** @param {number} scraped */
async function checkMetrics(scraped) {
  return await must("/bin/sh", ["-c", `curl -s http://127.0.0.1:${scraped}/metrics | promtool check metrics`]);
}
