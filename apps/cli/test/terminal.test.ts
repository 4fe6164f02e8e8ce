import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { beforeEach, expect, onTestFinished, test } from "vitest";
import { startPrivateRedis } from "../../../scripts/redis.mjs";
import { headgate, ownNamespace } from "./support/headgate.ts";
import { proxyTo } from "./support/proxy.ts";
import { onTerminal } from "./support/terminal.ts";

let environment: Record<string, string>;
beforeEach(() => {
  environment = { TEST_NAMESPACE: ownNamespace() };
});

const CTRL_C = "\u0003";
const soon = { timeout: 15_000, interval: 20 };
/** "Erase this line": what redrawing a line in place begins with. */
const REDRAW = "\u001b[2K";
const OTHER_SCREEN = "\u001b[?1049h";
const BACK = "\u001b[?1049l";

test("status --watch draws again in place, in colour, and shows what changed; Ctrl-C ends it with 0", async () => {
  const terminal = onTerminal(["status", "--watch", "--interval-ms", "100"], environment);
  await expect.poll(terminal.screen, soon).toContain("ctrl-c ends");
  await headgate(["enqueue", "letters"], { input: '{"doc":"a"}\n', environment });
  await expect.poll(terminal.screen, soon).toMatch(/1\/10,000/);
  terminal.type(CTRL_C);
  expect(await terminal.ended).toBe(0);
  expect(terminal.screen()).toContain(OTHER_SCREEN);
  expect(terminal.screen()).toContain("\u001b[32mopen");
  // The terminal is given back, and the last picture stays on it.
  const after = terminal.screen().split(BACK)[1];
  expect(after).toMatch(/letters .*1\/10,000/);
});

test("status --watch says for how long Redis has not answered, and goes on when it does", async () => {
  const server = await startPrivateRedis();
  onTestFinished(() => server.stop());
  const proxy = await proxyTo(server.url, {});
  const terminal = onTerminal(["status", "--watch", "--interval-ms", "100", "--redis", proxy.url], environment);
  await expect.poll(terminal.screen, soon).toContain("ctrl-c ends");
  proxy.hold();
  await expect.poll(terminal.screen, soon).toMatch(/Redis does not answer\. For \ds; below is what was so at/);
  proxy.release();
  const before = terminal.screen().length;
  await expect.poll(() => terminal.screen().slice(before), soon).toContain("ctrl-c ends");
  terminal.type(CTRL_C);
  expect(await terminal.ended).toBe(0);
});

test("enqueue shows a bar, the pace, and who waits for what; then the summary alone", async () => {
  const folder = await mkdtemp(join(tmpdir(), "headgate-bar-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const file = join(folder, "letters.ndjson");
  await writeFile(file, Array.from({ length: 10 }, (_, index) => `{"doc":"d${index}"}\n`).join(""));
  // Room for three: the others wait.
  const terminal = onTerminal(["enqueue", "small", file, "--in-flight", "2"], environment);
  const text = () => stripVTControlCharacters(terminal.screen());
  await expect.poll(text, soon).toMatch(/█+\S?░+ [345]0% · 3 accepted · .*2 wait: /);
  expect(terminal.screen()).toMatch(/waited \d/);
  terminal.type(CTRL_C);
  expect(await terminal.ended).toBe(1);
  expect(terminal.screen()).toContain(REDRAW);
  expect(terminal.screen()).toMatch(/small: 3 accepted, .* invalid, waited /);
});
