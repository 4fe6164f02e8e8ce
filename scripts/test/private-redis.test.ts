import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test, vi } from "vitest";
import { startPrivateRedis } from "../redis/private.mjs";
import { isAlive } from "./alive.ts";

test("it ends with its parent, also when the parent is killed with -9", async () => {
  const owner = startOwner();
  const [line] = await once(createInterface({ input: owner.stdout }), "line");
  const { port, pid } = JSON.parse(String(line)) as { port: number; pid: number };
  const connection = connect(port, "127.0.0.1");
  await once(connection, "connect");

  // A reset is an end too.
  const closed = new Promise((resolve) => connection.on("error", () => undefined).on("close", resolve));
  owner.kill("SIGKILL");
  await closed;

  await vi.waitFor(() => expect(isAlive(pid)).toBe(false), { interval: 10 });
});

test("stop ends it, twice is once", async () => {
  const redis = await startPrivateRedis();
  expect(isAlive(redis.pid)).toBe(true);
  await redis.stop();
  await redis.stop();
  expect(isAlive(redis.pid)).toBe(false);
});

test("a killed server comes back on its port, with what its append-only file holds", async () => {
  const dir = mkdtempSync(join(tmpdir(), "headgate-test-"));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  const args = ["--appendonly", "yes", "--appendfsync", "always"];
  const first = await startPrivateRedis({ dir, args });
  expect(await command(first.port, "SET k v")).toBe("+OK");
  await first.kill();
  expect(isAlive(first.pid)).toBe(false);

  const second = await startPrivateRedis({ dir, args, port: first.port });
  onTestFinished(second.stop);
  expect(await command(second.port, "STRLEN k")).toBe(":1");
});

test("a server that cannot start says what it said", async () => {
  await expect(startPrivateRedis({ args: ["--no-such-setting", "1"] })).rejects.toThrow("no-such-setting");
});

test("a port that is asked for and taken is an error, not another port", async () => {
  const redis = await startPrivateRedis();
  onTestFinished(redis.stop);
  await expect(startPrivateRedis({ port: redis.port })).rejects.toThrow("Address already in use");
});

function startOwner(): ChildProcessByStdio<null, Readable, null> {
  const module = JSON.stringify(new URL("../redis/private.mjs", import.meta.url).href);
  const script = `const { startPrivateRedis } = await import(${module});
    const { port, pid } = await startPrivateRedis();
    console.log(JSON.stringify({ port, pid }));
    setInterval(() => undefined, 1_000);`;
  const cwd = fileURLToPath(new URL("../..", import.meta.url));
  return spawn(process.execPath, ["--input-type=module", "-e", script], { cwd, stdio: ["ignore", "pipe", "inherit"] });
}

async function command(port: number, line: string): Promise<string> {
  const socket = connect(port, "127.0.0.1");
  socket.write(`${line}\r\n`);
  const [answer] = await once(socket, "data");
  socket.destroy();
  return String(answer).trim();
}
