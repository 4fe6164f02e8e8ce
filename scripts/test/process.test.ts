import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { expect, test, vi } from "vitest";
import { isAlive } from "./alive.ts";

const FOREVER = "setInterval(() => undefined, 1000);";

test.each([0, 7])("the exit code %i of the job is ours, and what comes after it runs", async (code) => {
  const { owner, lines } = start(`process.exit(${code})`);
  expect(await once(owner, "close")).toEqual([code, null]);
  expect(lines).toEqual(["after"]);
});

test("a signal reaches the job once, however often it echoes", async () => {
  const job = `let n = 0; process.on("SIGINT", () => { n += 1; setTimeout(() => { console.log("got " + n); process.exit(3); }, 100); });
    console.log(process.pid); ${FOREVER}`;
  const { owner, lines } = start(job);
  await vi.waitFor(() => expect(lines).toHaveLength(1), { interval: 10 });
  owner.kill("SIGINT");
  owner.kill("SIGINT");
  expect(await once(owner, "close")).toEqual([3, null]);
  expect(lines.slice(1)).toEqual(["got 1", "after"]);
});

test("a job that dies of a signal ends as a shell would say it", async () => {
  const { owner } = start(`process.kill(process.pid, "SIGTERM"); ${FOREVER}`);
  expect(await once(owner, "close")).toEqual([143, null]);
});

test("the job ends with its owner, also when the owner is killed with -9", async () => {
  const { owner, lines } = start(`console.log(process.pid); ${FOREVER}`);
  await vi.waitFor(() => expect(lines).toHaveLength(1), { interval: 10 });
  const job = Number(lines[0]);
  expect(isAlive(job)).toBe(true);
  owner.kill("SIGKILL");
  await vi.waitFor(() => expect(isAlive(job)).toBe(false), { interval: 10, timeout: 5_000 });
});

/** A process that runs `job` as run.mjs does. */
function start(job: string) {
  const module = JSON.stringify(new URL("../run/process.mjs", import.meta.url).href);
  const script = `const { runAsOurselves } = await import(${module});
    await runAsOurselves(process.execPath, ["-e", ${JSON.stringify(job)}], {}, async () => console.log("after"));`;
  const owner = spawn(process.execPath, ["--input-type=module", "-e", script], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const lines: string[] = [];
  createInterface({ input: owner.stdout }).on("line", (line) => lines.push(line));
  return { owner, lines };
}
