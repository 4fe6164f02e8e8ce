import { Argument, type Command } from "commander";
import type { Run } from "../context.ts";
import { wholeNumber } from "../flags.ts";
import { exportFailed, type FailedFlags, listFailed, retryFailed } from "./run.ts";

const MOST = 1_000_000;
const ACTIONS = ["list", "retry", "export"] as const;

export function addFailed(program: Command, run: Run): void {
  program
    .command("failed")
    .description("what ended in the failed set: list it, retry it with all its attempts, export it as NDJSON")
    .argument("<queue>", "queue of the config")
    .addArgument(new Argument("[action]", "what to do").choices(ACTIONS).default("list"))
    .argument("[job...]", "retry: ids of jobs")
    .option("--reason <text>", "only jobs whose reason contains this")
    .option("--limit <n>", "at most so many, the newest first (default: 20 for list)", wholeNumber(1, MOST))
    .option("--all", "retry: every failed job of the queue")
    .option("--envelope", "export: only { id, payload, priority? }, as enqueue --envelope takes it")
    .action((queue: string, action: (typeof ACTIONS)[number], ids: string[], flags: FailedFlags) =>
      run((context) => {
        if (action === "retry") return retryFailed(context, queue, ids, flags);
        if (action === "export") return exportFailed(context, queue, flags);
        return listFailed(context, queue, flags);
      }),
    );
}
