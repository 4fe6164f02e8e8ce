import { spawnSync } from "node:child_process";
import { readFileSync, statSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { lockfileProblems } from "../run/lockfile.mjs";

const root = fileURLToPath(new URL("../..", import.meta.url));

test("the lockfile names no host", () => {
  expect(lockfileProblems(readFileSync(join(root, "pnpm-lock.yaml"), "utf8"))).toEqual([]);
});

// What must be found; example is a name that nobody has (RFC 2606).
test.each([
  "    resolution: {integrity: sha512-x, tarball: https://registry.example/a.tgz}",
  "    resolution: {tarball: file:a.tgz}",
  "  a: git+ssh://git@example/a.git",
])("a lockfile line with a host is found: %s", (line) => {
  expect(lockfileProblems(`lockfileVersion: '9.0'\n${line}`)).toEqual([
    `pnpm-lock.yaml:2: names a host: ${line.trim()}`,
  ]);
});

test("no file of the repository names a path of the machine it was written on", () => {
  const files = repositoryFiles();
  expect(files.length).toBeGreaterThan(50);
  const personal = /(?:^|[\s"'`(=:])(?:\/home\/[a-z]|\/Users\/[A-Za-z]|\/root\/|[A-Z]:\\Users\\)/;
  const machine = [root, homedir()].filter((path) => path.split("/").filter(Boolean).length > 1);
  const guilty = files.filter((file) => {
    const text = readFileSync(join(root, file), "utf8");
    return personal.test(text) || machine.some((path) => text.includes(path));
  });
  expect(guilty).toEqual([]);
});

/** Tracked files; in a copy without git, what the npm of every machine would see: all that is not ignored. */
function repositoryFiles(): string[] {
  const self = "scripts/test/repository.test.ts";
  const git = spawnSync("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard"], {
    cwd: root,
    encoding: "utf8",
  });
  const listed = git.status === 0 ? git.stdout.split("\0") : walkWithoutGit();
  return listed.filter((file) => file !== "" && file !== self && isFile(join(root, file)));
}

function walkWithoutGit(): string[] {
  const skip = ["node_modules", "dist", ".git", ".headgate"].flatMap((name) => ["-name", name, "-prune", "-o"]);
  const found = spawnSync("find", [".", ...skip, "-type", "f", "-print"], { cwd: root, encoding: "utf8" });
  return found.stdout.split("\n").map((line) => line.replace(/^\.\//, ""));
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
}
