import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Section } from "./queue.ts";
import { sectionsOf } from "./readme.ts";

/** The README files of everything that is installed beside this file, cut into sections: real text, each one once. */
export async function* installedSections(): AsyncGenerator<Section> {
  const seen = new Set<string>();
  const isNew = (key: string): boolean => seen.size < seen.add(key).size;
  for (const folder of foldersAbove(dirname(fileURLToPath(import.meta.url)))) {
    for await (const home of packagesIn(join(folder, "node_modules"))) {
      const name = await nameOf(home);
      if (name === undefined || !isNew(name)) continue;
      const readme = await readmeOf(home);
      for (const [index, text] of sectionsOf(readme ?? "").entries()) {
        // Packages share text, licences for one: a text that came before is no new document.
        if (isNew(createHash("sha256").update(text).digest("hex"))) yield { id: `${name}#${index + 1}`, text };
      }
    }
  }
}

function* foldersAbove(folder: string): Generator<string> {
  yield folder;
  const parent = dirname(folder);
  if (parent !== folder) yield* foldersAbove(parent);
}

/** Packages as npm lays them out (nested) and as pnpm does (all of them in `.pnpm`, links everywhere else). */
async function* packagesIn(modules: string): AsyncGenerator<string> {
  for (const entry of await foldersIn(modules)) {
    const home = join(modules, entry);
    if (entry === ".pnpm") {
      for (const stored of await foldersIn(home)) yield* packagesIn(join(home, stored, "node_modules"));
    } else if (entry.startsWith("@")) {
      yield* packagesIn(home);
    } else if (!entry.startsWith(".")) {
      yield home;
      yield* packagesIn(join(home, "node_modules"));
    }
  }
}

/** Real folders only: what a link leads to is found where it is stored. */
async function foldersIn(folder: string): Promise<string[]> {
  const entries = await unlessMissing(readdir(folder, { withFileTypes: true }));
  return (entries ?? [])
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .sort();
}

async function nameOf(home: string): Promise<string | undefined> {
  const text = await unlessMissing(readFile(join(home, "package.json"), "utf8"));
  const { name, version } = JSON.parse(text ?? "{}") as { name?: string; version?: string };
  return name && version ? `${name}@${version}` : undefined;
}

async function readmeOf(home: string): Promise<string | undefined> {
  const file = (await readdir(home)).find((entry) => /^readme(\.md|\.markdown)?$/iu.test(entry));
  return file === undefined ? undefined : unlessMissing(readFile(join(home, file), "utf8"));
}

async function unlessMissing<T>(reading: Promise<T>): Promise<T | undefined> {
  try {
    return await reading;
  } catch (error) {
    if (["ENOENT", "ENOTDIR", "EISDIR"].includes((error as NodeJS.ErrnoException).code ?? "")) return undefined;
    throw error;
  }
}
