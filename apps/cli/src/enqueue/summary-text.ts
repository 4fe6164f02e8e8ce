import { count, duration } from "../output/figures.ts";
import type { Summary } from "./tally.ts";

const LISTED = 10;

/** The summary for people: one line, and what needs a second look below it. */
export function summaryText(summary: Summary): string {
  const { queue, accepted, duplicates, refused, refusedBy, invalid, invalidLines, unknown, waitedMs, seconds } =
    summary;
  const reasons = Object.entries(refusedBy).map(([reason, times]) => `${count(times)} ${reason}`);
  const lines = [
    `${queue}: ${count(accepted)} accepted, ${count(duplicates)} duplicates, ${count(refused)} refused, ${count(invalid)} invalid, ` +
      `waited ${duration(waitedMs)} of ${duration(seconds * 1000)}`,
  ];
  if (refused > 0) lines.push(`refused: ${reasons.join(", ")}`);
  if (invalid > 0)
    lines.push(
      `invalid lines: ${invalidLines
        .slice(0, LISTED)
        .map(({ line }) => line)
        .join(", ")}${invalid > LISTED ? ", …" : ""}`,
    );
  if (unknown > 0) lines.push(`${count(unknown)} lines were cut off; whether they are in is not known`);
  if (summary.interrupted) lines.push("interrupted: the rest of the input was not read");
  return lines.join("\n");
}
