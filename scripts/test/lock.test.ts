import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { withLock } from "../run/lock.mjs";

let file = "";
beforeEach(() => {
  file = join(mkdtempSync(join(tmpdir(), "headgate-lock-")), "lock");
});
afterEach(() => rmSync(join(file, ".."), { recursive: true, force: true }));

test("one after the other, and nothing is left", async () => {
  const order: string[] = [];
  const work = (name: string) => async () => {
    order.push(`${name} in`);
    await new Promise(setImmediate);
    order.push(`${name} out`);
  };
  await Promise.all([withLock(file, work("a")), withLock(file, work("b"))]);
  expect(order).toEqual(["a in", "a out", "b in", "b out"]);
  expect(existsSync(file)).toBe(false);
});

test("it is given back when the work fails", async () => {
  await expect(withLock(file, () => Promise.reject(new Error("no")))).rejects.toThrow("no");
  expect(existsSync(file)).toBe(false);
});

test("the lock of a process that is gone is taken over", async () => {
  const gone = spawnSync(process.execPath, ["-e", ""]).pid;
  writeFileSync(file, String(gone));
  expect(await withLock(file, async () => readFileSync(file, "utf8"))).toBe(String(process.pid));
});
