import { createLogUpdate } from "log-update";
import { count, duration, rate, share } from "../output/figures.ts";
import type { Colors, Output } from "../output/output.ts";
import { type Pace, paceOf } from "./pace.ts";
import type { Source } from "./source.ts";
import type { Tally } from "./tally.ts";
import type { WaitClock } from "./wait-clock.ts";

export interface Progress {
  /** A line that stays, above the progress line. */
  log(line: string): void;
  done(): void;
}

export interface ProgressOf {
  readonly tally: Tally;
  readonly clock: WaitClock;
  readonly source: Pick<Source, "share">;
  readonly pressure: () => string | undefined;
}

const REDRAW_MS = 100;

/** One line that is redrawn on a terminal's stderr; nothing at all elsewhere. */
export function startProgress(output: Output, of: ProgressOf): Progress {
  if (output.stderr.isTTY !== true) return { log: output.log, done: () => undefined };
  const update = createLogUpdate(output.stderr);
  const pace = paceOf();
  const draw = (): void => {
    const read = of.source.share();
    const now = pace.add({ atMs: performance.now(), lines: of.tally.lines, share: read ?? 0 });
    update(output.redact(progressLine(of, now, output.logColors, output.stderr.columns)));
  };
  const timer = setInterval(draw, REDRAW_MS);
  return {
    log: (line) => update.persist(output.redact(line)),
    done: () => {
      clearInterval(timer);
      update.clear();
      update.done();
    },
  };
}

const BAR = 24;
const NARROW = 90;

/** `████████░░░░  45.1% · 4,362 accepted · 1,876/s · 12s left · waited 2s · 40 wait: slow (depth)` */
export function progressLine(of: ProgressOf, pace: Pace, colors: Colors, columns: number): string {
  const { tally, clock, source, pressure } = of;
  const read = source.share();
  const waiting = clock.waiting();
  const parts = [
    ...(read === null ? [] : [`${columns < NARROW ? "" : `${bar(read, colors)} `}${share(read)}`]),
    `${count(tally.accepted)} accepted`,
    `${rate(pace.linesPerSecond)}/s`,
    ...(pace.leftMs === null || read === null ? [] : [`${duration(pace.leftMs)} left`]),
    ...(tally.duplicates > 0 ? [`${count(tally.duplicates)} duplicates`] : []),
    ...(tally.refused > 0 ? [colors.yellow(`${count(tally.refused)} refused`)] : []),
    ...(tally.invalid > 0 ? [colors.red(`${count(tally.invalid)} invalid`)] : []),
    ...(clock.totalMs() > 0 ? [`waited ${duration(clock.totalMs())}`] : []),
    ...(waiting > 0 ? [colors.yellow(`${count(waiting)} wait: ${pressure() ?? "no room yet"}`)] : []),
  ];
  return parts.join(" · ");
}

function bar(part: number, colors: Colors): string {
  const full = Math.round(part * BAR);
  return colors.cyan("█".repeat(full)) + colors.dim("░".repeat(BAR - full));
}
