import { createLogUpdate } from "log-update";
import stringWidth from "string-width";
import { bar } from "../output/bar.ts";
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

const BAR_CELLS = 24;
const LEAST_BAR_CELLS = 8;
const SEPARATOR = " · ";

interface Part {
  readonly text: string;
  readonly tone: (text: string) => string;
  /** The parts with the least of it go first on a narrow terminal. */
  readonly keep: number;
}

/** `████████░░░░ 45.1% · 4,362 accepted · 1,876/s · 12s left · waited 2s · 40 wait: slow (depth)`, on one line. */
export function progressLine(of: ProgressOf, pace: Pace, colors: Colors, columns: number): string {
  const { tally, clock, source, pressure } = of;
  const read = source.share();
  const waiting = clock.waiting();
  const part = (keep: number, text: string, tone: Part["tone"] = String): Part => ({ keep, text, tone });
  const parts = [
    ...(read === null ? [] : [part(9, share(read))]),
    part(7, `${count(tally.accepted)} accepted`),
    part(8, `${rate(pace.linesPerSecond)}/s`),
    ...(pace.leftMs === null || read === null ? [] : [part(6, `${duration(pace.leftMs)} left`)]),
    ...(tally.duplicates > 0 ? [part(2, `${count(tally.duplicates)} duplicates`)] : []),
    ...(tally.refused > 0 ? [part(4, `${count(tally.refused)} refused`, colors.yellow)] : []),
    ...(tally.invalid > 0 ? [part(5, `${count(tally.invalid)} invalid`, colors.red)] : []),
    ...(clock.totalMs() > 0 ? [part(1, `waited ${duration(clock.totalMs())}`)] : []),
    ...(waiting > 0 ? [part(6.5, `${count(waiting)} wait: ${pressure() ?? "no room yet"}`, colors.yellow)] : []),
  ];
  const room = read === null ? columns : columns - LEAST_BAR_CELLS - 1;
  const shown = fitting(parts, room < LEAST_ROOM ? columns : room);
  const text = shown.map(({ text: each, tone }) => tone(each)).join(SEPARATOR);
  const cells = Math.min(BAR_CELLS, columns - widthOf(shown) - 1);
  return read === null || cells < LEAST_BAR_CELLS ? text : `${colors.cyan(bar(read, cells))} ${text}`;
}

/** Below this the figures need the whole line. */
const LEAST_ROOM = 24;

const widthOf = (parts: readonly Part[]): number =>
  parts.reduce((sum, { text }) => sum + stringWidth(text) + SEPARATOR.length, -SEPARATOR.length);

function fitting(parts: readonly Part[], width: number): readonly Part[] {
  if (parts.length <= 1 || widthOf(parts) <= width) return parts;
  const least = Math.min(...parts.map(({ keep }) => keep));
  return fitting(
    parts.filter(({ keep }) => keep !== least),
    width,
  );
}
