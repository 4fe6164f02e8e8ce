import { createLogUpdate } from "log-update";
import { count, duration, rate, share } from "../output/figures.ts";
import type { Output } from "../output/output.ts";
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
  readonly startedAt: number;
}

const REDRAW_MS = 100;

/** One line that is redrawn on a terminal's stderr; nothing at all elsewhere. */
export function startProgress(output: Output, of: ProgressOf): Progress {
  if (output.stderr.isTTY !== true) return { log: output.log, done: () => undefined };
  const update = createLogUpdate(output.stderr);
  const draw = (): void => update(output.redact(progressLine(of, performance.now())));
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

export function progressLine({ tally, clock, source, pressure, startedAt }: ProgressOf, now: number): string {
  const seconds = Math.max(0.001, (now - startedAt) / 1000);
  const read = source.share();
  const parts = [
    ...(read === null ? [] : [share(read)]),
    `${count(tally.accepted)} accepted`,
    `${rate(tally.accepted / seconds)}/s`,
    ...(tally.duplicates > 0 ? [`${count(tally.duplicates)} duplicates`] : []),
    ...(tally.refused > 0 ? [`${count(tally.refused)} refused`] : []),
    ...(tally.invalid > 0 ? [`${count(tally.invalid)} invalid`] : []),
    ...(clock.totalMs() > 0 ? [`waited ${duration(clock.totalMs())}`] : []),
    ...(clock.waiting() > 0 ? [`waiting: ${pressure() ?? "no room yet"}`] : []),
  ];
  return parts.join(" · ");
}
