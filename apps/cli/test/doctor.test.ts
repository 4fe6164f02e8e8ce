import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Worker } from "bullmq";
import { Redis } from "ioredis";
import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test } from "vitest";
import { startPrivateRedis } from "../../../scripts/redis.mjs";
import { diagnose } from "../src/doctor/checks.ts";
import { headgate, ownNamespace, startHeadgate } from "./support/headgate.ts";
import { proxyTo } from "./support/proxy.ts";

// Alone on its Redis: who is connected and how much memory is left belong to these tests.
let server: Awaited<ReturnType<typeof startPrivateRedis>>;
let admin: Redis;
beforeAll(async () => {
  server = await startPrivateRedis();
  admin = new Redis(server.url);
});
afterAll(async () => {
  await admin.quit();
  await server.stop();
});

let environment: Record<string, string>;
beforeEach(() => {
  environment = { TEST_NAMESPACE: ownNamespace() };
});

interface Report {
  readonly healthy: boolean;
  readonly errors: number;
  readonly warnings: number;
  readonly findings: readonly { check: string; level: string; found: string; fix: string | null }[];
}

async function doctor(url: string, more: Record<string, string> = {}, args: readonly string[] = []) {
  const { code, stdout } = await headgate(["doctor", "--json", "--redis", url, ...args], {
    environment: { ...environment, ...more },
  });
  const report = JSON.parse(stdout) as Report;
  // On a busy machine a round trip may take long enough for a warning: errors are what these tests make.
  return { code, report, wrong: report.findings.filter(({ level }) => level === "error") };
}

test("finds nothing wrong where nothing is, with a worker of Headgate's connected", async () => {
  const worker = startHeadgate(["worker", "letters", "--redis", server.url], { environment });
  await worker.line("stderr", /ready/);
  const { code, report, wrong } = await doctor(server.url);
  expect(wrong).toEqual([]);
  expect(code).toBe(0);
  expect(report).toEqual({ healthy: true, errors: 0, warnings: expect.any(Number), findings: expect.any(Array) });
  expect(report.findings.map(({ check }) => check)).toEqual([
    "redis",
    "eviction",
    "memory",
    "latency",
    "clock",
    "bullmq",
    "workers",
    "workers",
    "workers",
    "cluster",
  ]);
  for (const { level, fix } of report.findings) expect(fix === null).toBe(level === "ok");
  expect(report.findings.map(({ found }) => found)).toContain("letters: 1 of Headgate's");
  worker.process.kill("SIGTERM");
  await worker.ended;
});

test("people get one line a check, the fix below it, and a verdict", async () => {
  const { code, stdout } = await headgate(["doctor", "--redis", server.url], { environment });
  expect(code).toBe(0);
  expect(stdout).toMatch(/^ok {4}redis {5}version \d/m);
  expect(stdout).toMatch(/\n(all is well|1 to look at)\n$/);
});

test("an old Redis", async () => {
  const version = /redis_version:(\S+)/.exec(await admin.info("server"))?.[1] ?? "";
  const old = `5.0.9${"0".repeat(version.length)}`.slice(0, version.length);
  const { url } = await proxyTo(server.url, { replace: [`redis_version:${version}`, `redis_version:${old}`] });
  const { code, wrong } = await doctor(url);
  expect(code).toBe(1);
  expect(wrong).toEqual([
    {
      check: "redis",
      level: "error",
      found: `HG_REDIS_VERSION: ${old}, at least 6.2 is needed`,
      fix: "Upgrade to Redis 7 or Valkey 8.",
    },
  ]);
});

test("a policy that evicts", async () => {
  await admin.config("SET", "maxmemory-policy", "allkeys-lru");
  onTestFinished(async () => void (await admin.config("SET", "maxmemory-policy", "noeviction")));
  const { code, wrong } = await doctor(server.url);
  expect(code).toBe(1);
  expect(wrong).toMatchObject([{ check: "eviction", level: "error", found: "HG_REDIS_EVICTION: allkeys-lru" }]);
  expect(wrong[0]?.fix).toContain("CONFIG SET maxmemory-policy noeviction");
});

test("little memory left", async () => {
  const used = Number(/used_memory:(\d+)/.exec(await admin.info("memory"))?.[1]);
  await admin.config("SET", "maxmemory", Math.round(used * 1.05));
  onTestFinished(async () => void (await admin.config("SET", "maxmemory", 0)));
  const { code, wrong } = await doctor(server.url);
  expect(code).toBe(1);
  expect(wrong).toMatchObject([{ check: "memory", level: "error", found: expect.stringContaining("% of maxmemory") }]);
});

test("a Redis that is far away", async () => {
  const { code, wrong } = await doctor((await proxyTo(server.url, { delayMs: 40 })).url);
  expect(code).toBe(1);
  expect(wrong).toMatchObject([{ check: "latency", level: "error" }]);
});

test("a clock that is apart", async () => {
  // Five minutes ahead for this process only.
  const ahead = "data:text/javascript,const%20now=Date.now;Date.now=()=>now()+300000";
  const { code, wrong } = await doctor(server.url, { NODE_OPTIONS: `--import=${ahead}` });
  expect(code).toBe(1);
  expect(wrong).toMatchObject([
    { check: "clock", level: "error", found: expect.stringMatching(/(5m|4m 59s) ahead of Redis/) },
  ]);
});

test("a project with another bullmq than Headgate's", async () => {
  const folder = await mkdtemp(join(fileURLToPath(new URL(".", import.meta.url)), "wrong-bullmq-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  await mkdir(join(folder, "node_modules", "bullmq"), { recursive: true });
  await writeFile(join(folder, "node_modules", "bullmq", "package.json"), '{"name":"bullmq","version":"5.1.0"}');
  const config = join(folder, "headgate.config.ts");
  await writeFile(
    config,
    'import { defineQueue } from "headgate";\nexport default { queues: { q: { queue: defineQueue("q") } } };\n',
  );
  const { code, wrong } = await doctor(server.url, {}, ["--config", config]);
  expect(code).toBe(1);
  expect(wrong).toMatchObject([{ check: "bullmq", level: "error", found: expect.stringContaining("bullmq 5.1.0") }]);
});

test("plain BullMQ workers on a queue", async () => {
  const worker = new Worker("letters", async () => null, {
    connection: { url: server.url },
    prefix: `{${environment["TEST_NAMESPACE"]}:api}`,
  });
  onTestFinished(() => worker.close());
  await worker.waitUntilReady();
  const { code, wrong } = await doctor(server.url);
  expect(code).toBe(1);
  expect(wrong).toMatchObject([
    { check: "workers", level: "error", found: expect.stringMatching(/^letters: 1 plain BullMQ workers beside 0/) },
  ]);
});

test("a queue without a hash tag on a cluster", async () => {
  const cluster = await startPrivateRedis({
    args: ["--cluster-enabled", "yes", "--cluster-config-file", "nodes.conf"],
  });
  onTestFinished(() => cluster.stop());
  const client = new Redis(cluster.url);
  await client.cluster("ADDSLOTS", ...Array.from({ length: 16_384 }, (_, slot) => slot));
  await expect
    .poll(async () => String(await client.cluster("INFO")), { timeout: 15_000 })
    .toContain("cluster_state:ok");
  await client.hset("bull:mail:meta", "version", "bullmq:6.7.0");
  await client.hset("{bull}:tagged:meta", "version", "bullmq:6.7.0");
  await client.quit();
  const { code, wrong } = await doctor(cluster.url);
  expect(code).toBe(1);
  expect(wrong).toMatchObject([
    { check: "cluster", level: "error", found: expect.stringContaining("queue bull:mail ") },
  ]);
});

test("what cannot be made here: Redis 6.2, and a bullmq whose scripts differ", () => {
  const findings = diagnose({
    info: "redis_version:6.2.14\nmaxmemory_policy:noeviction\nused_memory:1\ncluster_enabled:0\n",
    pingsMs: [0.2],
    clockAheadMs: 0,
    bullmq: { differences: ["no script moveToActive"], version: "6.9.0", projectVersion: null },
    workers: [],
    untagged: [],
  });
  expect(findings.filter(({ level }) => level !== "ok").map(({ check, level }) => `${check} ${level}`)).toEqual([
    "redis warning",
    "bullmq error",
  ]);
});
