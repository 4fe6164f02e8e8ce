import type { Command } from "commander";
import { queueOf } from "../config/queue.ts";
import type { Context, Run } from "../context.ts";
import { withControl } from "../control.ts";
import { ExitCode } from "../exit-code.ts";
import { count } from "../output/figures.ts";

export function addMove(program: Command, run: Run): void {
  program
    .command("move")
    .description("move a queue with its jobs to the limiter that the config now names (after HG_QUEUE_MOVED)")
    .argument("<queue>", "queue of the config; its workers have to be stopped")
    .action((queue: string) => run((context) => move(context, queue)));
}

async function move({ config, output }: Context, name: string): Promise<ExitCode> {
  const queue = queueOf(config, name);
  const moved = await withControl(config.connection, (control) => control.move(queue));
  const { from, to, jobs } = moved;
  output.text(
    from === to
      ? `${name} is on limiter ${to} already; nothing was moved`
      : `moved ${name} from limiter ${from} to ${to}, with ${count(jobs)} jobs; its producers and workers can start`,
  );
  output.object(moved);
  return ExitCode.ok;
}
