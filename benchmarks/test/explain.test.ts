import { randomUUID } from "node:crypto";
import { Redis } from "ioredis";
import { afterEach, expect, test } from "vitest";
import { runScenario } from "../src/explain/run.ts";
import { scenarios } from "../src/explain/scenarios.ts";
import { isRight, row } from "../src/explain/table.ts";
import { removeKeys } from "../src/redis/remove-keys.ts";

const url = process.env["REDIS_URL"] ?? "";
const namespace = `explain-${randomUUID()}`;

afterEach(async () => {
  const redis = new Redis(url);
  await removeKeys(redis, namespace);
  redis.disconnect();
});

/** Half a minute of them; `npm run bench -- explain` runs all. */
const quick = [
  "limit-requests",
  "cost-above-burst",
  "two-limits",
  "concurrency",
  "busy-workers",
  "gate",
  "two-queues",
  "two-queues-weights",
  "learned-rate",
  "deferral",
  "priority",
];

test.each(quick)("%s: explain is right within a fifth about when a job starts", { timeout: 40_000 }, async (name) => {
  const scenario = scenarios.find((one) => one.name === name);
  if (scenario === undefined) throw new Error(`no scenario ${name}`);
  const answers = await runScenario(scenario, url, namespace);
  const table = answers.map((answer) => row(name, answer)).join("\n");
  expect(answers.every(isRight), table).toBe(true);
  expect(answers.at(-1)?.said.causes[0]?.cause, table).toBe(scenario.first);
});
