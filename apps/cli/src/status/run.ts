import { setInterval as ticks } from "node:timers/promises";
import type { Control } from "headgate/control";
import { headgateError } from "headgate/internal";
import type { Context } from "../context.ts";
import { withControl } from "../control.ts";
import { ExitCode } from "../exit-code.ts";
import { readStatus, type Status } from "./read.ts";
import { renderStatus } from "./render.ts";
import { startWatch } from "./watch.ts";

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
      const { stdout, colors } = output;
      output.text(renderStatus(first, { colors, columns: stdout.isTTY ? stdout.columns : undefined }).join("\n"));
      output.object(first);
      return ExitCode.ok;
    }
    await watch(context, control, first, flags.intervalMs);
    return ExitCode.ok;
  });
}

/** A look that takes longer than this is a Redis that does not answer. */
const LATE_MS = 2_000;

/**
 * The first look has to succeed; after that a Redis that goes away is shown and waited for, as a watcher wants to see it
 * come back. A look that does not end is not asked for again: the client sends it when it is connected again.
 */
async function watch(context: Context, control: Control, first: Status, intervalMs: number): Promise<void> {
  const { config, stop } = context;
  const shown = startWatch(context, intervalMs);
  shown.show(first);
  let askedAt: number | null = null;
  const look = async (): Promise<void> => {
    askedAt = performance.now();
    try {
      shown.show(await readStatus(control, config));
    } catch (error) {
      if (!stop.signal.aborted) shown.problem(error);
    } finally {
      askedAt = null;
    }
  };
  try {
    for await (const _ of ticks(intervalMs, undefined, { signal: stop.signal })) {
      if (askedAt === null) void look();
      else if (performance.now() - askedAt > LATE_MS) shown.problem(headgateError("HG_REDIS_UNREACHABLE"));
    }
  } catch (error) {
    if (!stop.signal.aborted) throw error;
  } finally {
    shown.done();
  }
}
