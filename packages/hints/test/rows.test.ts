import { existsSync, readdirSync, readFileSync } from "node:fs";
import { expect, it } from "vitest";

const here = (path: string): URL => new URL(path, import.meta.url);

/** A cell with a `|` of its own is none of ours. */
const rows = readFileSync(here("README.md"), "utf8")
  .split("\n")
  .filter((line) => line.startsWith("| ") && !/^\| (?:what|---) \|/.test(line))
  .map((line) => line.split("|").slice(1, -1))
  .map(([what = "", by = "", file = "", text = ""]) => ({
    what: what.trim(),
    by: by.trim(),
    file: file.trim(),
    text: text.trim(),
  }));

it.each(rows)("$what: $file holds it", ({ by, file, text }) => {
  expect(["real", "fixture", "bytes"]).toContain(by);
  expect(existsSync(here(file)), file).toBe(true);
  expect(text).not.toBe("");
  expect(readFileSync(here(file), "utf8").replaceAll(/\s+/g, " ")).toContain(text);
});

it("every recorded exchange stands for something: in a row, or with a client of its own", () => {
  const clients = readFileSync(here("clients.test.ts"), "utf8");
  const named = (name: string): boolean =>
    rows.some(({ file }) => file === `fixtures/${name}.json`) || clients.includes(`"${name}"`);
  // The rest of a form that middleware speaks as well.
  const rest = ["draft-6", "draft-7", "draft-8", "legacy-epoch", "legacy-seconds"];
  const names = readdirSync(here("fixtures/")).map((name) => name.replace(".json", ""));
  expect(names.filter((name) => !named(name))).toEqual(rest);
});
