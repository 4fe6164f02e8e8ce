import { stripVTControlCharacters } from "node:util";
import stringWidth from "string-width";
import type { Context } from "../context.ts";
import { duration } from "../output/figures.ts";
import { problemOf } from "../output/problem.ts";
import { statusLines } from "./lines.ts";
import { TREND_CELLS } from "./queues.ts";
import type { Status } from "./read.ts";
import { renderStatus, summaryText } from "./render.ts";
import { openScreen } from "./screen.ts";

export interface Watch {
  show(status: Status): void;
  /** Redis has not answered. */
  problem(error: unknown): void;
  done(): void;
}

/** In place on a terminal; as lines, or objects, into a pipe. */
export function startWatch(context: Context, intervalMs: number): Watch {
  const { output } = context;
  return output.json || output.stdout.isTTY !== true ? intoPipe(context) : onTerminal(context, intervalMs);
}

function intoPipe({ output }: Context): Watch {
  let said: string | undefined;
  return {
    show: (status) => {
      if (said !== undefined) output.log("Redis answers again.");
      said = undefined;
      output.object(status);
      for (const line of statusLines(status)) output.text(line);
    },
    // Once, not at every look.
    problem: (error) => {
      const text = problemText(error);
      if (text !== said) output.log(text);
      said = text;
    },
    done: () => undefined,
  };
}

/** Its first sentence. */
const problemText = (error: unknown): string =>
  `${
    problemOf(error)
      .message.replace(/^HG_\w+: /, "")
      .split(/[.:—]/)[0] ?? ""
  }.`;

/** A line above the tables, and what is left of the screen for them. */
const HEAD_ROWS = 2;

function onTerminal({ output }: Context, intervalMs: number): Watch {
  const { colors, stdout } = output;
  const screen = openScreen(stdout);
  const depths = new Map<string, number[]>();
  let latest: Status | undefined;
  let problem: string | undefined;

  const head = (status: Status): string => {
    const at = new Date(status.at).toLocaleTimeString("en-GB");
    if (problem !== undefined) {
      const old = `${problem} For ${duration(Date.now() - status.at)}; below is what was so at ${at}`;
      return colors.red(fitted(old, screen.columns));
    }
    const summary = summaryText(status, colors, screen.columns - at.length - 2);
    const room = screen.columns - stringWidth(summary) - at.length - 2;
    const foot = `every ${duration(intervalMs)}, ctrl-c ends`;
    return `${at}  ${summary}${room > foot.length + 2 ? colors.dim(foot.padStart(room)) : ""}`;
  };
  const tables = (status: Status, rows: number | undefined): readonly string[] =>
    renderStatus(status, { colors, columns: screen.columns, rows, trend: (queue) => depths.get(queue) ?? [] });
  const draw = (): void => {
    if (latest === undefined) return;
    const below = tables(latest, screen.rows - HEAD_ROWS).map((line) => (problem === undefined ? line : faded(line)));
    screen.draw([head(latest), "", ...below].slice(0, screen.rows).map(output.redact));
  };
  /** Old figures are not to be taken for new ones. */
  const faded = (line: string): string => colors.dim(stripVTControlCharacters(line));
  screen.onResize(draw);
  return {
    show: (status) => {
      latest = status;
      problem = undefined;
      for (const { queue, depth } of status.queues) {
        depths.set(queue, [...(depths.get(queue) ?? []), depth].slice(-TREND_CELLS));
      }
      draw();
    },
    problem: (error) => {
      problem = problemOf(error)
        .message.replace(/^HG_\w+: /, "")
        .replace(/[.:—].*$/s, ".");
      draw();
    },
    done: () => {
      screen.close();
      // The last picture stays, as of a command that has ended.
      if (latest !== undefined) for (const line of [head(latest), "", ...tables(latest, undefined)]) output.text(line);
    },
  };
}

const fitted = (text: string, width: number): string => (text.length > width ? `${text.slice(0, width - 1)}…` : text);
