import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { providers } from "../src/index.ts";
import { retriesOff } from "../src/retries-off.ts";

const read = (path: string) => readFileSync(new URL(path, import.meta.url), "utf8");
const page = read("../../../docs/providers.md");

it.each(readdirSync(new URL("snippets/", import.meta.url)))("docs/providers.md shows %s as it is run", (file) => {
  expect(page).toContain(`<!-- ${file} -->\n\`\`\`ts\n${read(`snippets/${file}`)}\`\`\`\n`);
});

it.each(Object.keys(providers))("docs/providers.md has a section for %s", (name) => {
  expect(page).toContain(`\`provider: "${name}"\``);
});

describe.each(Object.entries(providers))("docs/providers.md says of %s what the preset says", (name, preset) => {
  const [, after = ""] = page.split(`\`provider: "${name}"\``);
  const [section = ""] = after.split("\n## ");
  const lineOf = (label: string): string => new RegExp(`^- ${label}: (.*)$`, "m").exec(section)?.[1] ?? "";

  it("the default wait", () => {
    const [, amount, unit] = /^(\d+) (s|min)\b/.exec(lineOf("Waits when nothing is said")) ?? [];
    const ms = amount === undefined ? undefined : Number(amount) * (unit === "min" ? 60_000 : 1_000);
    expect(ms).toBe(preset.defaultWaitMs);
  });

  it("the terminal codes", () => {
    const codes = Array.from(lineOf("Terminal").matchAll(/`([A-Za-z_]{12,})`/g), ([, code]) => code);
    expect(codes).toEqual(preset.terminalCodes ?? []);
  });

  it("the way its own retries are turned off", () => {
    expect(lineOf("Own retries")).not.toBe("");
    expect(section).toContain("```ts");
  });
});

it("the page names no preset that is not there", () => {
  const named = [...page.matchAll(/^`provider: "(.+)"`$/gm)].map(([, name]) => name);
  expect(named.sort()).toEqual(Object.keys(providers).sort());
});

describe("retriesOff is what the snippets do", () => {
  const snippets = readdirSync(new URL("snippets/", import.meta.url)).map((file) => read(`snippets/${file}`));
  const leaves = (options: object): string[] =>
    Object.entries(options).flatMap(([name, value]) =>
      typeof value === "object" && !Array.isArray(value) ? leaves(value) : `${name}: ${JSON.stringify(value)}`,
    );

  it.each(Object.entries(retriesOff))("%s", (name, options) => {
    const own = snippets.filter(
      (text) => text.includes(` from "${name.replace("*", "")}`) || text.includes(`\`${name}\` package`),
    );
    expect(own.length).toBeGreaterThan(0);
    for (const leaf of leaves(options))
      expect(own.join("").replaceAll('"grpc.', "grpc.").replaceAll('":', ":")).toContain(leaf);
  });
});
