import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { headgate } from "./support/headgate.ts";
import { commandsOf, program, reference } from "./support/reference.ts";

const page = fileURLToPath(new URL("../../../docs/command-line.md", import.meta.url));

/** `npm test -- apps/cli/test/reference.test.ts -u` writes it. */
test("docs/command-line.md has every command, argument and flag in the words of --help", async () => {
  const written = readFileSync(page, "utf8");
  const section = `<!-- reference -->\n${reference(program())}\n<!-- /reference -->`;
  await expect(written.replace(/<!-- reference -->.*<!-- \/reference -->/s, () => section)).toMatchFileSnapshot(page);
});

test("the page has a word about the JSON of every command that answers with one", () => {
  const written = readFileSync(page, "utf8");
  const servers = ["worker", "board", "gateway", "simulate", "completion"];
  for (const name of commandsOf(program()).map((command) => command.name())) {
    if (servers.includes(name)) continue;
    expect(written).toMatch(new RegExp(`^\\| [^|]*\`${name}\\b[^|]*\\| .*(\\{|Explanation)`, "m"));
  }
});

test("--help of the built command is the same program's", async () => {
  const names = commandsOf(program()).map((command) => command.name());
  const { stdout } = await headgate(["--help"]);
  for (const name of names) expect(stdout).toMatch(new RegExp(`^ {2}${name} `, "m"));
  const { code, stdout: help } = await headgate(["failed", "--help"]);
  expect(code).toBe(0);
  expect(help).toContain("Examples:\n  headgate failed mail\n");
  for (const flag of ["--reason <text>", "--limit <n>", "--all", "--envelope"]) expect(help).toContain(flag);
});
