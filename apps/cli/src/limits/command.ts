import type { Command } from "commander";
import type { LimitOptions } from "headgate";
import type { Run } from "../context.ts";
import { collect } from "../flags.ts";
import { concurrencyFlag, limitFlag } from "./flags.ts";
import { type LimitsFlags, limits } from "./run.ts";

const collectLimits: (text: string, before?: readonly LimitOptions[]) => readonly LimitOptions[] = collect(limitFlag);

export function addLimits(program: Command, run: Run): void {
  program
    .command("limits")
    .description("show the limits of a limiter, set them for the whole fleet, or go back to the code's")
    .argument("<limiter>", "limiter of the config")
    .option(
      "--limit <unit=amount/per>",
      "a limit, as requests=500/1m or tokens=90000/1m,burst=2000; again for each; replaces all of them",
      collectLimits,
    )
    .option("--concurrency <n>", "jobs in flight at once, or none for no bound", concurrencyFlag)
    .option("--clear", "take back what an operator has set")
    .action((limiter: string, flags: LimitsFlags) => run((context) => limits(context, limiter, flags)));
}
