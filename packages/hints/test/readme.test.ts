import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { parseHints } from "../src/index.ts";
import { fixtures, RECORDED } from "./support/fixtures.ts";

const read = (path: string): string => readFileSync(new URL(path, import.meta.url), "utf8");

/** The rows of the table under a heading, as cells. */
function tableOf(heading: string): string[][] {
  const [, after = ""] = read("../README.md").split(`${heading}\n`);
  const lines = after.split(/^#/m, 1)[0]?.split("\n") ?? [];
  const table = lines.filter((line) => line.startsWith("|")).map((line) => line.split("|").slice(1, -1));
  return table.slice(2).map((cells) => cells.map((cell) => cell.trim()));
}

const code = (cell: string): string[] => Array.from(cell.matchAll(/`([^`]+)`/g), ([, text = ""]) => text);

it("shows the example as it is run", () => {
  expect(read("../README.md")).toContain(`<!-- patiently.ts -->\n\`\`\`ts\n${read("examples/patiently.ts")}\`\`\`\n`);
});

describe("What is understood", () => {
  const rows = tableOf("## What is understood").map(([wire = "", , wait = "", limits = ""]) => ({
    wire,
    wait,
    limits,
  }));

  it.each(rows)("$wire", ({ wire, wait, limits }) => {
    const headers = code(wire).map((line) => [line.slice(0, line.indexOf(": ")), line.slice(line.indexOf(": ") + 2)]);
    const hints = parseHints({ status: 429, headers }, { now: RECORDED });
    expect([String(hints.retryAfterMs ?? ""), code(limits)]).toEqual([
      wait,
      hints.limits.map((limit) => JSON.stringify(limit).replaceAll('"', "")),
    ]);
  });

  it("has a row for every form", () => {
    expect(rows.length).toBeGreaterThanOrEqual(18);
  });
});

it("Recorded exchanges: the table is what the tests expect", () => {
  const rows = Array.from(fixtures, ([name, { answer, expected }]) => [
    name,
    String(answer.status),
    expected.throttled ? "yes" : "no",
    expected.terminal ? "yes" : "no",
    expected.source,
    String(expected.retryAfterMs ?? ""),
  ]);
  expect(tableOf("### Recorded exchanges")).toEqual(rows);
});

it("Clients: the table names what the tests import, and nothing else", () => {
  const files = [
    ...readdirSync(new URL("snippets/", import.meta.url)).map((file) => `snippets/${file}`),
    "sdk.test.ts",
    "middleware.test.ts",
  ];
  const imported = files.flatMap((file) =>
    Array.from(read(file).matchAll(/ from "([^".][^"]*)"/g), ([, name = ""]) => name),
  );
  const packages = imported.map((name) => name.split("/", name.startsWith("@") ? 2 : 1).join("/"));
  const servers = ["express", "fastify", "hono", "@hono/node-server", "vitest", "@headgate/hints"];
  const tested = new Set(packages.filter((name) => !name.startsWith("node:") && !servers.includes(name)));
  const named = tableOf("### Clients").flatMap(([clients = ""]) => clients.split(", "));
  expect(named.sort()).toEqual([...tested, "fetch"].sort());
});
