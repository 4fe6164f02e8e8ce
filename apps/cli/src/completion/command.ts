import tab from "@bomb.sh/tab/commander";
import type { Command } from "commander";

/** Names that are completed from the config. */
export interface KnownNames {
  readonly queues: readonly string[];
  readonly limiters: readonly string[];
}

const DESCRIPTION = "print what makes a shell complete headgate's commands, options, queues and limiters";

/** The shell asks with `headgate complete -- <words so far>`. */
export const asksForCompletion = (args: readonly string[]): boolean => args[0] === "complete";

/**
 * `headgate completion <shell>` prints the script that a shell loads. Called last: what stands in the program then is
 * completed, and where an argument is a queue or a limiter, the config's names.
 */
export function addCompletion(program: Command, known: KnownNames): void {
  const completion = tab(program, { completionCommandName: "completion" });
  program.commands.find((command) => command.name() === "completion")?.description(DESCRIPTION);
  for (const command of completion.commands.values()) {
    for (const argument of command.arguments.values()) {
      const names = namesFor(argument.name, known);
      if (names.length > 0) {
        argument.handler = (complete) => {
          for (const name of names) complete(name, argument.name);
        };
      }
    }
  }
}

function namesFor(argument: string, { queues, limiters }: KnownNames): readonly string[] {
  if (argument === "queue") return queues;
  if (argument === "limiter") return limiters;
  return argument === "target" ? [...new Set([...queues, ...limiters])] : [];
}
