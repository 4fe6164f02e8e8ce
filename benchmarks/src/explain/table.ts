import type { Answer } from "./run.ts";

/** What a prediction may be off by: this share of the wait, or a timekeeper's step where the wait is short. */
export const SHARE = 0.2;
export const SLACK_MS = 60;

const widths = [22, 5, 7, 11, 11, 8];
const line = (cells: readonly string[]): string =>
  cells.map((cell, index) => (index === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[index] ?? 0))).join("");

export const header: string = `${line(["scenario", "job", "ahead", "said ms", "happened", "off"])}  waits for first`;

/** How far off, as a share of what happened; null where `explain` named no time. */
export const errorOf = ({ said, happenedMs }: Answer): number | null =>
  said.startsInMs === null ? null : (said.startsInMs - happenedMs) / Math.max(1, happenedMs);

export function isRight({ said, happenedMs }: Answer): boolean {
  if (said.startsInMs === null) return false;
  return Math.abs(said.startsInMs - happenedMs) <= Math.max(SHARE * happenedMs, SLACK_MS);
}

export function row(scenario: string, answer: Answer): string {
  const { place, said, happenedMs } = answer;
  const error = errorOf(answer);
  const off = error === null ? "-" : `${error > 0 ? "+" : ""}${(100 * error).toFixed(1)} %`;
  const cells = [scenario, String(place), String(said.ahead), String(said.startsInMs ?? "-"), String(happenedMs), off];
  const mark = isRight(answer) ? "" : "  <-- off by too much";
  return `${line(cells)}  ${said.causes.map(({ cause }) => cause).join(", ")}${mark}`;
}
