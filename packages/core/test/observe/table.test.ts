import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { otelName } from "../../src/observe/otel-name.ts";
import { declaredMetrics } from "./declared.ts";

const page = readFileSync(fileURLToPath(new URL("../../../../docs/metrics.md", import.meta.url)), "utf8");

describe("the metrics", () => {
  it("are those of docs/metrics.md, row by row", async () => {
    const rows = (await declaredMetrics()).map(
      ({ name, type, labels, unit, help }) =>
        `| \`${name}\` | \`${otelName(name)}\` | ${type} | ${labels.join(", ")} | \`${unit}\` | ${help} |`,
    );
    const documented = page.split("\n").filter((line) => /^\| `(headgate|bullmq)_/.test(line));
    expect(documented.toSorted()).toEqual(rows.toSorted());
  });

  it("have names of their own under OpenTelemetry, too, without underscore, unit or total", async () => {
    const names = (await declaredMetrics()).map(({ name }) => otelName(name));
    expect(new Set(names).size).toBe(names.length);
    expect(
      names.filter(
        (name) => !/^(headgate|bullmq)(\.[a-z]+)+$/.test(name) || /\.(total|seconds|bytes|ratio)$/.test(name),
      ),
    ).toEqual([]);
  });

  it("have no label that grows with the jobs", async () => {
    const labels = new Set((await declaredMetrics()).flatMap((metric) => metric.labels));
    expect([...labels].toSorted()).toEqual([
      "bullmq_version",
      "command",
      "decision",
      "kind",
      "level",
      "limiter",
      "node_version",
      "outcome",
      "queue",
      "reason",
      "result",
      "scope",
      "source",
      "state",
      "unit",
      "version",
    ]);
  });
});
