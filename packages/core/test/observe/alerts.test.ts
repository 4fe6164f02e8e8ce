import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { declaredMetrics } from "./declared.ts";

const doc = (name: string): string =>
  readFileSync(fileURLToPath(new URL(`../../../../docs/${name}`, import.meta.url)), "utf8");

/** With the series that a histogram is shown as. */
async function seriesNames(): Promise<Map<string, readonly string[]>> {
  const names = new Map<string, readonly string[]>();
  for (const { name, type, labels } of await declaredMetrics()) {
    if (type !== "histogram") names.set(name, labels);
    else for (const part of ["bucket", "sum", "count"]) names.set(`${name}_${part}`, labels);
  }
  return names;
}

/** `npm run test:prometheus` asks a real Prometheus; this is what can be known without one. */
describe.each(["alerts.yml", "alerts.test.yml", "grafana.json"])("docs/%s", (file) => {
  const text = doc(file).replaceAll('\\"', '"');

  it("has names that there are, with labels that they have", async () => {
    const names = await seriesNames();
    const used = Array.from(text.matchAll(/\b(?:headgate|bullmq)_\w+/g), ([name]) => name);
    expect(used.length).toBeGreaterThan(5);
    expect(used.filter((name) => !names.has(name) && !names.has(`${name}_bucket`))).toEqual([]);
    for (const [, name = "", matchers = ""] of text.matchAll(/\b((?:headgate|bullmq)_\w+)\{([^}]*)\}/g)) {
      const labels = Array.from(matchers.matchAll(/(\w+)=~?"/g), ([, label = ""]) => label);
      expect([...(names.get(name) ?? []), "instance"], name).toEqual(expect.arrayContaining(labels));
    }
  });
});

it("every alert has a unit test in which it fires", () => {
  const alerts = Array.from(doc("alerts.yml").matchAll(/- alert: (\w+)/g), ([, name]) => name);
  const fires = Array.from(doc("alerts.test.yml").matchAll(/alertname: (\w+)\n\s+exp_alerts:\n/g), ([, name]) => name);
  expect(alerts.length).toBe(8);
  expect(new Set(fires)).toEqual(new Set(alerts));
});
