import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";
import { headgate } from "./support/headgate.ts";

test.each(["bash", "zsh", "fish"])("prints what %s loads", async (shell) => {
  const { code, stdout } = await headgate(["completion", shell]);
  expect(code).toBe(0);
  expect(stdout).toContain("headgate complete --");
});

test("bash accepts its script", async () => {
  const { stdout } = await headgate(["completion", "bash"]);
  expect(() => execFileSync("bash", ["-n"], { input: stdout, stdio: ["pipe", "ignore", "pipe"] })).not.toThrow();
});

test("a shell that is not known ends with 2", async () => {
  const { code, stderr } = await headgate(["completion", "tcsh"]);
  expect(code).toBe(2);
  expect(stderr).toContain("Allowed choices are zsh, bash, fish, powershell");
});

const completed = async (...words: string[]): Promise<readonly string[]> =>
  (await headgate(["complete", "--", ...words])).stdout
    .split("\n")
    .filter((line) => line.includes("\t"))
    .map((line) => line.split("\t")[0] ?? "");

test("commands, options, and the config's queues and limiters are completed", async () => {
  expect(await completed("st")).toEqual(["status"]);
  expect(await completed("status", "--w")).toEqual(["--watch"]);
  expect(await completed("explain", "")).toEqual(["letters", "slowly", "small"]);
  expect(await completed("limits", "")).toEqual(["api", "small"]);
  expect(await completed("pause", "a")).toEqual(["api"]);
});
