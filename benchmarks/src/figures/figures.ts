import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { contenderNames } from "../goodput/contenders/index.ts";
import { readRecord } from "../goodput/record.ts";
import { scenarios } from "../goodput/scenario.ts";
import { draw } from "./draw.ts";
import { between, tableOf } from "./markdown.ts";

/** Drawn beside Headgate: more than three lines cross too often to be told apart. */
const DRAWN = ["headgate", "bullmq-recipe", "aimd"];

/** One SVG per recorded scenario (cold runs) into `<docs>/figures`, and all results into `<docs>/benchmarks.md`. */
export async function drawFigures(record: string, docs: string): Promise<void> {
  const results = await readRecord(record);
  if (results.length === 0) {
    throw new Error(`${record} holds no results: expected some, run "npm run bench -- goodput --contender all" first`);
  }
  const folder = join(docs, "figures");
  await mkdir(folder, { recursive: true });
  for (const { name, about } of scenarios) {
    const cold = results.filter(({ figures }) => figures.scenario === name && !figures.warm);
    const runs = DRAWN.flatMap((contender) => cold.filter(({ figures }) => figures.contender === contender));
    if (runs.length === 0) continue;
    const file = join(folder, `${name}.svg`);
    await writeFile(file, draw(`${name}: ${about}`, runs));
    console.log(file);
  }
  const page = join(docs, "benchmarks.md");
  const table = tableOf(
    results,
    scenarios.map(({ name }) => name),
    contenderNames,
  );
  await writeFile(page, between(await readFile(page, "utf8"), table));
  console.log(page);
}
