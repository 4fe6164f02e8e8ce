import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/**
 * A hash of all that decides what an install puts in node_modules.
 *
 * @param {string} root
 */
export function stampOf(root) {
  const hash = createHash("sha256").update(`${process.platform}-${process.arch}\0`);
  for (const file of manifests(root))
    hash
      .update(`${file}\0`)
      .update(readFileSync(join(root, file)))
      .update("\0");
  return hash.digest("hex");
}

/** @param {string} root */
function manifests(root) {
  const members = ["packages", "apps"].flatMap((folder) =>
    readdirSync(join(root, folder)).map((name) => join(folder, name, "package.json")),
  );
  return [
    "package.json",
    "pnpm-lock.yaml",
    "pnpm-workspace.yaml",
    join("benchmarks", "package.json"),
    ...members.sort(),
  ].filter((file) => existsSync(join(root, file)));
}
