import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test } from "vitest";
import { ask } from "../redis/ask.mjs";
import { startPrivateRedis } from "../redis.mjs";

// What can be held against each other without running it; `npm run check:deploy` runs it.
const root = fileURLToPath(new URL("../..", import.meta.url));
const read = (file: string): string => readFileSync(join(root, file), "utf8");
const recipes = readdirSync(join(root, "deploy"), { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile())
  .map((entry) => join(entry.parentPath, entry.name).slice(root.length));

const page = read("docs/operating.md");
/** The drain timeout, and what a fleet may take beyond it (s). */
const DRAIN_S = 25 + 2;

test.each([
  ["deploy/systemd/headgate.service", /^TimeoutStopSec=(\d+)$/m],
  ["deploy/container/compose.yaml", /stop_grace_period: (\d+)s/],
  ["deploy/container/Dockerfile", /--stop-timeout (\d+)/],
  ["deploy/kubernetes/worker.yaml", /terminationGracePeriodSeconds: (\d+)/],
])("%s waits for longer than a fleet drains", (file, timeout) => {
  expect(Number(timeout.exec(read(file))?.[1])).toBeGreaterThan(DRAIN_S);
});

test.each([
  ["deploy/systemd/headgate.service", /main\.js (worker .+)$/m],
  ["deploy/container/Dockerfile", /^CMD \[(.+)\]$/m],
  ["deploy/kubernetes/worker.yaml", /args: \[(.+)\]/],
])("%s uses flags that headgate worker has", (file, command) => {
  const reference = read("docs/command-line.md");
  const flags = command.exec(read(file))?.[1]?.match(/--[a-z-]+/g) ?? [];
  expect(flags).toContain("--processes");
  for (const flag of flags) expect(reference).toContain(`| \`${flag}`);
});

test("KEDA's query asks for a metric that there is", () => {
  const [metric] =
    /\bheadgate_[a-z_]+\b/.exec(read("deploy/kubernetes/scaled-object.yaml").split("query:")[1] ?? "") ?? [];
  expect(read("docs/metrics.md")).toContain(`\`${metric}\``);
});

test("every alert has its place in the runbook, every recipe in the page", () => {
  const alerts = [...read("docs/alerts.yml").matchAll(/alert: (\w+)/g)].map(([, name]) => name ?? "");
  expect(alerts.length).toBeGreaterThan(5);
  for (const name of alerts) expect(page.split("## What to do when")[1]).toContain(`\`${name}\``);
  for (const file of recipes.filter((each) => !each.endsWith(".dockerignore"))) {
    expect(page, file).toContain(file.split("/").at(-1));
  }
});

test("a fleet's exit codes that are not started again are those of the page", () => {
  const codes = /^RestartPreventExitStatus=(.+)$/m.exec(read("deploy/systemd/headgate.service"))?.[1]?.split(" ");
  const documented = [...page.matchAll(/^\| (\d) \| .+ \| not before /gm)].map(([, code]) => code);
  expect(documented).toEqual(codes);
});

test("redis.conf is one that Redis 7 takes, with every option that is commented out as well", async () => {
  const folder = mkdtempSync(join(tmpdir(), "headgate-conf-"));
  const text = read("deploy/redis/redis.conf");
  const plain = text.replace(/^maxmemory 3gb$/m, "maxmemory 100mb");
  const config = join(folder, "redis.conf");
  writeFileSync(config, plain);
  const redis = await startPrivateRedis({ config, dir: folder });
  onTestFinished(async () => {
    await redis.stop();
    rmSync(folder, { recursive: true, force: true });
  });
  expect(await ask(redis.port, "CONFIG", "GET", "maxmemory-policy")).toContain("noeviction");
  const optional = [...text.matchAll(/^# ([a-z-]+) (\S+)$/gm)];
  expect(optional.length).toBeGreaterThan(8);
  for (const [, option = ""] of optional) {
    expect(await ask(redis.port, "CONFIG", "GET", option), option).toContain(option);
  }
});

test("a sentinel takes sentinel.conf", async () => {
  const folder = mkdtempSync(join(tmpdir(), "headgate-conf-"));
  const config = join(folder, "sentinel.conf");
  // It would look for the primary of the recipe.
  writeFileSync(
    config,
    read("deploy/redis/sentinel.conf").replace(/monitor headgate \S+ \d+/, "monitor headgate 127.0.0.1 1"),
  );
  const sentinel = await startPrivateRedis({ config, dir: folder, args: ["--sentinel"] });
  onTestFinished(async () => {
    await sentinel.stop();
    rmSync(folder, { recursive: true, force: true });
  });
  const master = await ask(sentinel.port, "SENTINEL", "MASTER", "headgate");
  expect(master).toMatch(/down-after-milliseconds\r\n\$\d+\r\n2000/);
  expect(master).toMatch(/quorum\r\n\$1\r\n2/);
});
