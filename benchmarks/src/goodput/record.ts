import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import type { Result } from "./result.ts";

/** Runs of several days and hands may stand in one record: each says when and on what it was made. */
export interface Recorded extends Result {
  readonly at: string;
  readonly node: string;
}

export async function readRecord(file: string): Promise<readonly Recorded[]> {
  try {
    return JSON.parse(await readFile(file, "utf8")) as Recorded[];
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return [];
    throw error;
  }
}

/** A newer result takes the older one's place. */
export async function saveResults(file: string, results: readonly Result[]): Promise<void> {
  const at = new Date().toISOString();
  const newer = results.map((result): Recorded => ({ ...result, at, node: process.version }));
  const taken = new Set(newer.map(keyOf));
  const kept = (await readRecord(file)).filter((result) => !taken.has(keyOf(result)));
  await mkdir(dirname(file), { recursive: true });
  // Whoever reads it meanwhile sees the old one or the new one.
  await writeFile(`${file}.part`, JSON.stringify([...kept, ...newer]));
  await rename(`${file}.part`, file);
}

const keyOf = ({ figures: { scenario, contender, warm } }: Result): string => `${scenario}/${contender}/${warm}`;
