import { createWriteStream } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { finished } from "node:stream/promises";

export interface Result {
  readonly id: string;
  readonly terms: readonly { readonly term: string }[];
}

/** A folder for the workers' results: one file for each while they run, one for all at the end. */
export class ResultFolder {
  readonly path: string;
  readonly #workers = new Set<string>();

  private constructor(path: string) {
    this.path = path;
  }

  static async create(): Promise<ResultFolder> {
    return new ResultFolder(await mkdtemp(join(tmpdir(), "headgate-demo-")));
  }

  get merged(): string {
    return join(this.path, "results.ndjson");
  }

  fileOf(worker: string): string {
    const file = join(this.path, `${worker}.ndjson`);
    this.#workers.add(file);
    return file;
  }

  /** Puts the workers' files together and answers what is in them. */
  async merge(): Promise<readonly Result[]> {
    const texts = await Promise.all([...this.#workers].map((file) => readFile(file, "utf8")));
    const merged = createWriteStream(this.merged);
    for (const text of texts) merged.write(text);
    merged.end();
    await finished(merged);
    await Promise.all([...this.#workers].map((file) => rm(file)));
    return texts
      .flatMap((text) => text.split("\n"))
      .filter(Boolean)
      .map((line) => JSON.parse(line) as Result);
  }
}
