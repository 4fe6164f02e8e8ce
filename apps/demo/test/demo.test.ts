import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import type { Summary } from "../src/summary.ts";

/** The built demo: the processes that it starts are plain Node. `npm test` builds before it tests. */
const main = fileURLToPath(new URL("../dist/main.js", import.meta.url));
const run = promisify(execFile);

interface Failure {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}
const failureOf = (args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Failure> =>
  run(process.execPath, [main, ...args], { env: { ...process.env, ...env } }).then(
    () => expect.fail("it was to fail"),
    (failure: Failure) => failure,
  );

const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

/** Starts it, and waits until its four processes run. */
async function started(): Promise<{
  child: ReturnType<typeof spawn>;
  pids: Record<string, number>;
  stderr: () => string;
}> {
  const child = spawn(process.execPath, [main, "--json", "--seconds", "60"], { stdio: ["ignore", "ignore", "pipe"] });
  let stderr = "";
  child.stderr.on("data", (text) => {
    stderr += text;
  });
  for await (const line of createInterface({ input: child.stderr })) {
    const pids = Object.fromEntries([...line.matchAll(/([\w-]+) (\d+)/gu)].map(([, name, pid]) => [name, Number(pid)]));
    if (line.startsWith("processes:")) return { child, pids, stderr: () => stderr };
  }
  return expect.fail(`it ended before it began: ${stderr}`);
}

describe.concurrent("npm run demo", { timeout: 60_000 }, () => {
  it("loses nothing, does nothing twice, and never goes above the capacity", async () => {
    const { stdout, stderr } = await run(process.execPath, [main, "--json", "--seconds", "12"]);
    const summary = JSON.parse(stdout.trim().split("\n").at(-1) ?? "") as Summary;
    expect(summary).toMatchObject({ lost: 0, duplicates: 0, failed: 0, capacity: 200 });
    expect(summary.completed).toBe(summary.enqueued);
    expect(summary.maxDepth).toBeLessThanOrEqual(summary.capacity);
    expect(summary.producerWaitedMs).toBeGreaterThan(6000); // half of the time, at the very least
    expect(stderr).toMatch(/depth \d+\/200 .*producer/u);

    const results = (await readFile(summary.results, "utf8")).trim().split("\n");
    expect(results).toHaveLength(summary.completed);
    expect(JSON.parse(results[0] ?? "")).toMatchObject({ id: expect.any(String), terms: expect.any(Array) });
  });

  it("reports a process that is killed, with its name, and ends the others", async () => {
    const { child, pids, stderr } = await started();
    process.kill(pids["worker-1"] as number, "SIGKILL");
    const [code] = await once(child, "close");
    expect(code).toBe(1);
    expect(stderr()).toContain(`worker-1 (pid ${pids["worker-1"]}) ended by SIGKILL`);
    expect(Object.values(pids).filter(isAlive)).toEqual([]);
  });

  it("ends its processes when it is interrupted", async () => {
    const { child, pids } = await started();
    expect(Object.keys(pids)).toEqual(["API", "worker-1", "worker-2", "producer"]);
    child.kill("SIGINT");
    const [code] = await once(child, "close");
    expect(code).toBe(130);
    expect(Object.values(pids).filter(isAlive)).toEqual([]);
  });

  it("leaves no process behind when it is killed itself", async ({ expect }) => {
    const { child, pids } = await started();
    child.kill("SIGKILL");
    await once(child, "close");
    await expect.poll(() => Object.values(pids).filter(isAlive), { timeout: 10_000 }).toEqual([]);
  });

  it("fails with a coded error when there is no Redis", async () => {
    const failure = await failureOf(["--seconds", "4"], { REDIS_URL: "redis://127.0.0.1:1" });
    expect(failure.code).toBe(1);
    expect(failure.stderr).toContain("HG_REDIS_UNREACHABLE");
  });

  it("explains an option that it does not take", async () => {
    const failure = await failureOf(["--seconds", "soon"]);
    expect(failure.code).toBe(2);
    expect(failure.stderr).toContain("expected 4 to 600, got soon");
    expect(failure.stderr).toContain("--json");
  });
});
