import { count, duration } from "../output/figures.ts";
import type { Summary } from "./tally.ts";

const LISTED = 10;

/** The summary for people: one line, and what needs a second look below it. */
export function summaryText(summary: Summary): string {
  const { queue, accepted, duplicates, refused, refusedBy, invalid, invalidLines, waitedMs, seconds } = summary;
  const reasons = Object.entries(refusedBy).map(([reason, times]) => `${count(times)} ${reason}`);
  const lines = [
    `${queue}: ${count(accepted)} accepted, ${count(duplicates)} duplicates, ${count(refused)} refused, ${count(invalid)} invalid, ` +
      `waited ${duration(waitedMs)} of ${duration(seconds * 1000)}`,
  ];
  if (duplicates > 0)
    lines.push(
      `duplicates: their ids are known, as waiting, running, or finished not long ago (failed ones go back by: headgate failed ${queue} retry)`,
    );
  if (refused > 0) lines.push(`refused: ${reasons.join(", ")}`);
  if (invalid > 0)
    lines.push(
      `invalid lines: ${invalidLines
        .slice(0, LISTED)
        .map(({ line }) => line)
        .join(", ")}${invalid > LISTED ? ", …" : ""}`,
    );
  lines.push(...resumeText(summary));
  return lines.join("\n");
}

/** Where it stopped, and what to type to go on. */
function resumeText({ resumeFromLine, unknown, withoutId }: Summary): readonly string[] {
  if (resumeFromLine === null) return [];
  const stopped =
    resumeFromLine === 1
      ? "stopped before the first line was in"
      : `stopped: every line up to ${count(resumeFromLine - 1)} is dealt with`;
  const cutOff = unknown > 0 ? `; ${count(unknown)} lines after it were cut off, some of them may be in` : "";
  const again =
    withoutId === 0
      ? "what is in already counts as a duplicate, so nothing comes twice"
      : "those that are in already come twice: only jobs with ids (--id-field, or an id in each --envelope) are known again";
  return [`${stopped}${cutOff}`, `go on:   the same command with --from-line ${resumeFromLine}; ${again}`];
}
