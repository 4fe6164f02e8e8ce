import { execFileSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test } from "vitest";
import { fixture, headgate } from "./support/headgate.ts";

test.each(["bash", "zsh", "fish"])("prints what %s loads", async (shell) => {
  const { code, stdout } = await headgate(["completion", shell]);
  expect(code).toBe(0);
  expect(stdout).toContain("headgate complete --");
});

test("bash accepts its script", async () => {
  const { stdout } = await headgate(["completion", "bash"]);
  expect(() => execFileSync("bash", ["-n"], { input: stdout, stdio: ["pipe", "ignore", "pipe"] })).not.toThrow();
});

test("bash completes by it", async () => {
  const { stdout: script } = await headgate(["completion", "bash"]);
  const folder = await mkdtemp(join(tmpdir(), "headgate-completion-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const main = fileURLToPath(new URL("../dist/main.js", import.meta.url));
  await writeFile(join(folder, "headgate"), `#!/bin/sh\nexec "${process.execPath}" "${main}" "$@"\n`, { mode: 0o755 });
  // What the package bash-completion and readline do around the script's function when Tab is pressed.
  const session = `
_get_comp_words_by_ref() { cur=\${COMP_WORDS[COMP_CWORD]}; prev=\${COMP_WORDS[COMP_CWORD-1]}; words=("\${COMP_WORDS[@]}"); cword=$COMP_CWORD; }
compopt() { :; }
${script}
COMP_WORDS=(headgate limits sm); COMP_CWORD=2
__headgate_complete
printf '%s\\n' "\${COMPREPLY[@]}"`;
  const environment = { ...process.env, PATH: `${folder}:${process.env["PATH"] ?? ""}` };
  const completed = execFileSync("bash", ["--norc", "-c", session], {
    encoding: "utf8",
    cwd: dirname(fixture("headgate.config.ts")),
    env: environment,
  });
  expect(completed).toBe("small\n");
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
