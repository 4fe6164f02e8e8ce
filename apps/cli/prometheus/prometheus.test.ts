import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { metricsText, observeProcess } from "headgate/metrics";
import { Registry } from "prom-client";
import { beforeAll, expect, it, onTestFinished, vi } from "vitest";
import { providePrometheus } from "../../../scripts/prometheus/provide.mjs";
import { fleetBench } from "../test/support/fleet.ts";

const doc = (name: string): string => fileURLToPath(new URL(`../../../docs/${name}`, import.meta.url));
const run = promisify(execFile);
let tools: Awaited<ReturnType<typeof providePrometheus>>;

beforeAll(async () => {
  tools = await providePrometheus();
});

/** What somebody who reads the figures asks for. */
function expressions(): { name: string; expr: string }[] {
  const dashboard = JSON.parse(readFileSync(doc("grafana.json"), "utf8")) as {
    panels: { title: string; targets?: { expr: string }[] }[];
  };
  return dashboard.panels.flatMap(({ title, targets = [] }) =>
    targets.map(({ expr }) => ({
      name: title,
      expr: expr.replaceAll("$__rate_interval", "10s").replaceAll(/\$(limiter|queue)/g, ".*"),
    })),
  );
}

/** Everything under one registry, for one scrape after the other. Answers its address. */
async function serve(text: () => Promise<string>): Promise<string> {
  const server = createServer((_, response) => void text().then((body) => response.end(body)));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

/** A Prometheus that looks once a second, with the alerts of the docs. Answers how to ask it. */
async function startPrometheus(targets: readonly string[]) {
  const folder = mkdtempSync(join(tmpdir(), "headgate-prometheus-"));
  const config = join(folder, "prometheus.yml");
  writeFileSync(
    config,
    JSON.stringify({
      global: { scrape_interval: "1s", evaluation_interval: "1s" },
      rule_files: [doc("alerts.yml")],
      scrape_configs: [{ job_name: "headgate", static_configs: [{ targets }] }],
    }),
  );
  const address = `127.0.0.1:${await freePort()}`;
  const flags = [`--config.file=${config}`, `--storage.tsdb.path=${folder}/data`, `--web.listen-address=${address}`];
  const child = spawn(tools.prometheus, flags, { stdio: "ignore" });
  onTestFinished(async () => {
    child.kill("SIGKILL");
    await once(child, "exit");
    rmSync(folder, { recursive: true, force: true });
  });
  const ask = async (path: string) => {
    const answer = await fetch(`http://${address}/api/v1/${path}`);
    return ((await answer.json()) as { data: { result?: { value: [number, string] }[]; groups?: Group[] } }).data;
  };
  await vi.waitFor(() => ask("status/buildinfo"), { timeout: 10_000 });
  return {
    rules: async () => ((await ask("rules")).groups ?? []).flatMap(({ rules }) => rules),
    query: async (expr: string) => (await ask(`query?query=${encodeURIComponent(expr)}`)).result,
  };
}

interface Group {
  readonly rules: { readonly name: string; readonly health: string; readonly state: string }[];
}

it("promtool: the alerts are rules, and do what their tests say", async () => {
  expect((await run(tools.promtool, ["check", "rules", doc("alerts.yml")])).stdout).toContain("8 rules found");
  expect((await run(tools.promtool, ["test", "rules", doc("alerts.test.yml")])).stdout).toContain("SUCCESS");
});

it("a real fleet, read by a real Prometheus: valid text, and an answer for every alert and every panel", async () => {
  const own = new Registry();
  const stop = observeProcess(own, { defaults: false });
  onTestFinished(stop);
  const on = fleetBench();
  const fleet = await on.start("--processes", "2", "--quiet");
  await fleet.ready();
  const producers = await serve(() => metricsText(own));
  const prometheus = await startPrometheus([new URL(fleet.url).host, producers]);
  await vi.waitFor(async () => expect(await prometheus.query("headgate_worker_slots")).toHaveLength(1), {
    timeout: 10_000,
  });
  await on.enqueue(1, { kind: "fail" });
  let jobs = 1;
  const work = async () => {
    await on.enqueue(19, { ms: 20 }, jobs);
    await on.enqueue(1, { kind: "throttled" }, jobs + 19);
    jobs += 20;
  };
  await work();
  await on.until(({ completed }) => completed === 20);

  const text = await (await fetch(`${fleet.url}/metrics`)).text();
  const check = run(tools.promtool, ["check", "metrics"]);
  check.child.stdin?.end(text);
  expect(await check).toEqual({ stdout: "", stderr: "" });

  const silent = async () => {
    await work();
    const found: string[] = [];
    for (const { name, expr } of expressions()) {
      const result = await prometheus.query(expr);
      expect(result, expr).toBeDefined();
      if (result?.length === 0) found.push(name);
    }
    return found;
  };
  // What this fleet has not: a pace, a bound, limits, calls with ctx.fetch, trouble with Redis.
  await vi.waitFor(
    async () =>
      expect(await silent()).toEqual([
        "Permits, and the pace",
        "Jobs in flight",
        "Left of declared limits",
        "Calls, 95 %",
        "Redis: errors",
      ]),
    { timeout: 15_000, interval: 500 },
  );
  const rules = await prometheus.rules();
  expect(rules.map(({ health }) => health)).toEqual(rules.map(() => "ok"));
  expect(rules.filter(({ state }) => state === "firing").map(({ name }) => name)).toContain("HeadgateDeadLetters");
  fleet.process.kill("SIGTERM");
  await fleet.ended;
});
