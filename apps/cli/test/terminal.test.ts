import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { beforeEach, expect, onTestFinished, test } from "vitest";
import { headgate, ownNamespace } from "./support/headgate.ts";
import { onTerminal } from "./support/terminal.ts";

let environment: Record<string, string>;
beforeEach(() => {
  environment = { TEST_NAMESPACE: ownNamespace() };
});

const CTRL_C = "\u0003";
const soon = { timeout: 15_000, interval: 20 };
/** "Erase this line": what redrawing in place begins with. */
const REDRAW = "\u001b[2K";

test("status --watch draws again in place, in colour, and shows what changed; Ctrl-C ends it with 0", async () => {
  const terminal = onTerminal(["status", "--watch", "--interval-ms", "100"], environment);
  await expect.poll(terminal.screen, soon).toContain("ctrl-c ends");
  await headgate(["enqueue", "letters"], { input: '{"doc":"a"}\n', environment });
  await expect.poll(terminal.screen, soon).toMatch(/1\/10,000/);
  terminal.type(CTRL_C);
  expect(await terminal.ended).toBe(0);
  expect(terminal.screen()).toContain(REDRAW);
  expect(terminal.screen()).toContain("\u001b[32mopen");
});

test("enqueue shows a bar, the pace, and who waits for what; then the summary alone", async () => {
  const folder = await mkdtemp(join(tmpdir(), "headgate-bar-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const file = join(folder, "letters.ndjson");
  await writeFile(file, Array.from({ length: 10 }, (_, index) => `{"doc":"d${index}"}\n`).join(""));
  // Room for three: the others wait.
  const terminal = onTerminal(["enqueue", "small", file, "--in-flight", "2"], environment);
  const text = () => stripVTControlCharacters(terminal.screen());
  await expect.poll(text, soon).toMatch(/█+░+ [345]0% · 3 accepted · .*2 wait: /);
  expect(terminal.screen()).toMatch(/waited \d/);
  terminal.type(CTRL_C);
  expect(await terminal.ended).toBe(1);
  expect(terminal.screen()).toContain(REDRAW);
  expect(terminal.screen()).toMatch(/small: 3 accepted, .* invalid, waited /);
});
