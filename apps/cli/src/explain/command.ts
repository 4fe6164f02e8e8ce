import type { Command } from "commander";
import { queueOf } from "../config/queue.ts";
import type { Context, Run } from "../context.ts";
import { withControl } from "../control.ts";
import { ExitCode } from "../exit-code.ts";
import { explanationText } from "./text.ts";

export function addExplain(program: Command, run: Run): void {
  program
    .command("explain")
    .description("why a job is not running: what it waits for, how long, and how many are ahead of it")
    .argument("<queue>", "queue of the config")
    .argument("<job>", "the job's id")
    .action((queue: string, job: string) => run((context) => explain(context, queue, job)));
}

async function explain({ config, output }: Context, name: string, id: string): Promise<ExitCode> {
  const queue = queueOf(config, name);
  const explanation = await withControl(config.connection, (control) => control.explain(queue, id));
  output.text(explanationText(explanation, output.colors, Date.now()));
  output.object(explanation);
  return ExitCode.ok;
}
