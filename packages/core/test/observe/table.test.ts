import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { observeProcess, observeQueues, showBuild } from "headgate/metrics";
import { Registry } from "prom-client";
import { expect, it } from "vitest";
import { redisUrl } from "../support/redis.ts";

const page = readFileSync(fileURLToPath(new URL("../../../../docs/metrics.md", import.meta.url)), "utf8");

/** As a row of the table: name, type, labels, help. */
async function rows(): Promise<string[]> {
  const registry = new Registry();
  const stop = observeProcess(registry, { defaults: false });
  const queues = observeQueues(registry, { connection: redisUrl(), queues: [] });
  showBuild(registry, { version: "0", bullmq: "0" });
  stop();
  await queues.close();
  return registry.getMetricsAsArray().map((metric) => {
    const {
      name,
      help,
      type,
      labelNames = [],
    } = metric as unknown as Record<"name" | "help" | "type", string> & {
      labelNames?: string[];
    };
    return `| \`${name}\` | ${type} | ${labelNames.join(", ")} | ${help} |`;
  });
}

it("docs/metrics.md has exactly the metrics that there are", async () => {
  const documented = page.split("\n").filter((line) => /^\| `(headgate|bullmq)_/.test(line));
  expect(documented.toSorted()).toEqual((await rows()).toSorted());
});
