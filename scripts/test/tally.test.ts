import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test } from "vitest";
import { isSuccess, tallyLine, tallyOf } from "../tally.mjs";

const root = fileURLToPath(new URL("../..", import.meta.url));

test("hooks, imports and errors outside of tests count as failures", () => {
  const parts = [
    { type: "module", state: "failed", errors: 1 },
    { type: "suite", state: "failed", errors: 2 },
    { type: "suite", state: "passed", errors: 0 },
    { type: "test", state: "passed", errors: 0 },
    { type: "test", state: "pending", errors: 0 },
    { type: "test", state: "skipped", errors: 0 },
  ] as const;
  expect(tallyOf(parts, 1)).toEqual({ passed: 1, failed: 4, skipped: 1 });
});

test("nothing passed is no success", () => {
  expect(isSuccess({ passed: 0, failed: 0, skipped: 3 })).toBe(false);
  expect(isSuccess({ passed: 1, failed: 0, skipped: 3 })).toBe(true);
  expect(isSuccess({ passed: 9, failed: 1, skipped: 0 })).toBe(false);
});

test("the line", () => {
  expect(tallyLine({ passed: 3, failed: 1, skipped: 2 })).toBe("tests: 3 passed, 1 failed, 2 skipped");
});

const imports = `import { test, describe, beforeAll } from "vitest";\n`;

test.each([
  ["a pass and a skip", `${imports}test("a", () => {}); test.skip("b", () => {});`, 0, "1 passed, 0 failed, 1 skipped"],
  ["a failure", `${imports}test("a", () => { throw new Error("x"); });`, 1, "0 passed, 1 failed, 0 skipped"],
  ["a file that fails to import", `import "./nowhere.ts";`, 1, "0 passed, 1 failed, 0 skipped"],
  [
    "a failing hook",
    `${imports}describe("s", () => { beforeAll(() => { throw new Error("x"); }); test("a", () => {}); });`,
    1,
    "0 passed, 1 failed, 1 skipped",
  ],
  ["only skipped", `${imports}test.skip("a", () => {});`, 1, "0 passed, 0 failed, 1 skipped"],
  [
    "an error outside of tests",
    `${imports}test("a", async () => { void Promise.reject(new Error("x")); await new Promise(setImmediate); });`,
    1,
    "1 passed, 1 failed, 0 skipped",
  ],
])("a real run with %s", (_, source, code, tally) => {
  mkdirSync(join(root, ".headgate"), { recursive: true });
  const folder = mkdtempSync(join(root, ".headgate", "tally-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  writeFileSync(join(folder, "one.test.ts"), source);
  // Its own config, or vitest finds ours above it.
  writeFileSync(join(folder, "vitest.config.mjs"), "export default {};");
  const reporters = ["--reporter=default", `--reporter=${join(root, "scripts", "tally-reporter.mjs")}`];
  const vitest = join(root, "node_modules", "vitest", "vitest.mjs");
  const args = [vitest, "run", "--root", folder, ...reporters];
  const result = spawnSync(process.execPath, args, { cwd: folder, encoding: "utf8" });
  expect(result.stdout.trimEnd().split("\n").at(-1)).toBe(`tests: ${tally}`);
  expect(result.status).toBe(code);
});
