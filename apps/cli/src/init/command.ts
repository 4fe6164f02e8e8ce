import { existsSync, readFileSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import type { Command } from "commander";
import { headgateError } from "headgate/internal";
import { ExitCode } from "../exit-code.ts";
import type { Surroundings } from "../program.ts";
import { projectFiles, type Versions } from "./templates.ts";

interface InitFlags {
  readonly force?: boolean;
}

export function addInit(program: Command, { cwd, output, version, finish }: Surroundings): void {
  program
    .command("init")
    .description("write a project that runs: config, a first queue, its processor, some jobs")
    .argument("[folder]", "where to, made if it is not there", ".")
    .option("--force", "write over files that are there")
    .action(async (folder: string, flags: InitFlags) => {
      const target = resolve(cwd, folder);
      const files = await writeProject(target, { headgate: version, zod: zodVersion() }, flags.force === true);
      output.text(`${files.map((file) => `wrote ${join(folder, file)}`).join("\n")}\n\n${nextSteps(folder)}`);
      output.object({ folder: target, files });
      finish(ExitCode.ok);
    });
}

/** All or nothing: nothing is written when one of the files is there. A package.json of your own stays as it is. */
async function writeProject(target: string, versions: Versions, force: boolean): Promise<readonly string[]> {
  const files = new Map(projectFiles(versions));
  if (existsSync(join(target, "package.json"))) files.delete("package.json");
  const there = [...files.keys()].filter((file) => existsSync(join(target, file)));
  if (there.length > 0 && !force) {
    throw headgateError("HG_FILE_EXISTS", { got: there.map((file) => join(target, file)).join(", ") });
  }
  await mkdir(target, { recursive: true });
  for (const [file, content] of files) await writeFile(join(target, file), content);
  return [...files.keys()];
}

function zodVersion(): string {
  const { dependencies } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")) as {
    dependencies: { zod: string };
  };
  return dependencies.zod;
}

const nextSteps = (folder: string): string =>
  [
    "Next, with a Redis at 127.0.0.1:6379 (or REDIS_URL):",
    `  ${folder === "." ? "" : `cd ${folder} && `}npm install     # a package.json of your own needs @headgate/cli, headgate and zod`,
    "  npx headgate doctor",
    "  npx headgate enqueue greetings greetings.ndjson --id-field name",
    "  npx headgate worker",
  ].join("\n");
