import { readdirSync, readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { providers } from "../src/index.ts";

const read = (path: string) => readFileSync(new URL(path, import.meta.url), "utf8");
const page = read("../../../docs/providers.md");

it.each(readdirSync(new URL("snippets/", import.meta.url)))("docs/providers.md shows %s as it is run", (file) => {
  expect(page).toContain(`<!-- ${file} -->\n\`\`\`ts\n${read(`snippets/${file}`)}\`\`\`\n`);
});

it.each(Object.keys(providers))("docs/providers.md has a section for %s", (name) => {
  expect(page).toContain(`\`provider: "${name}"\``);
});

it("the page names no preset that is not there", () => {
  const named = [...page.matchAll(/^`provider: "(.+)"`$/gm)].map(([, name]) => name);
  expect(named.sort()).toEqual(Object.keys(providers).sort());
});
