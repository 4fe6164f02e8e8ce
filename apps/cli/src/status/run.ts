import { setInterval as ticks } from "node:timers/promises";
import type { Control } from "headgate/control";
import { createLogUpdate } from "log-update";
import type { Context } from "../context.ts";
import { withControl } from "../control.ts";
import { ExitCode } from "../exit-code.ts";
import { problemOf } from "../output/problem.ts";
import { statusLines } from "./lines.ts";
import { readStatus, type Status } from "./read.ts";
import { renderStatus } from "./render.ts";

export interface StatusFlags {
  readonly watch?: boolean;
  /** Milliseconds between two reads of --watch. */
  readonly intervalMs: number;
}

export function status(context: Context, flags: StatusFlags): Promise<ExitCode> {
  const { config, output } = context;
  return withControl(config.connection, async (control) => {
    const first = await readStatus(control, config);
    if (flags.watch !== true) {
      output.text(renderStatus(first, output.colors));
      output.object(first);
      return ExitCode.ok;
    }
    await watch(context, control, first, flags.intervalMs);
    return ExitCode.ok;
  });
}

/**
 * The first read has to succeed; after that a Redis that goes away is shown and waited for, as a watcher wants to see it
 * come back.
 */
async function watch(
  { config, output, stop }: Context,
  control: Control,
  first: Status,
  intervalMs: number,
): Promise<void> {
  const screen = watchScreen({ config, output, stop });
  screen.show(first);
  try {
    for await (const _ of ticks(intervalMs, undefined, { signal: stop.signal })) {
      await readStatus(control, config).then(screen.show, screen.problem);
    }
  } catch (error) {
    if (!stop.signal.aborted) throw error;
  } finally {
    screen.done();
  }
}

interface WatchScreen {
  show(status: Status): void;
  problem(error: unknown): void;
  done(): void;
}

function watchScreen({ output }: Context): WatchScreen {
  const { colors, stdout } = output;
  if (output.json || stdout.isTTY !== true) {
    return {
      show: (status) => {
        output.object(status);
        for (const line of statusLines(status)) output.text(line);
      },
      problem: (error) => output.log(problemOf(error).message),
      done: () => undefined,
    };
  }
  const update = createLogUpdate(stdout);
  let latest = "";
  const draw = (foot: string): void => update(`${output.redact(`${latest}\n\n${foot}`)}`);
  return {
    show: (status) => {
      latest = renderStatus(status, colors);
      draw(colors.dim(`${new Date(status.at).toLocaleTimeString()}  ctrl-c ends`));
    },
    problem: (error) => draw(colors.red(`${problemOf(error).message} What stands above is old.`)),
    done: () => update.done(),
  };
}
