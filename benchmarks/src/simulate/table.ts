import type { Figures } from "headgate/internal";

const columns = [
  "scenario",
  "goodput",
  "(worst)",
  "throttled %",
  "(worst)",
  "first min",
  "(most)",
  "settle s",
  "(worst)",
  "calls",
];
const widths = [16, 8, 8, 12, 8, 10, 7, 9, 8, 8];

const line = (cells: readonly string[]): string =>
  cells.map((cell, index) => (index === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[index] ?? 0))).join(" ");

export const header: string = line(columns);

const mean = (list: readonly number[]): number => list.reduce((sum, each) => sum + each, 0) / list.length;
const percent = (share: number): string => (100 * share).toFixed(2);

/** One line per scenario: means over the seeds, and the worst of them. */
export function row(name: string, figures: readonly Figures[]): string {
  const goodputs = figures.map(({ goodput }) => goodput);
  const shares = figures.map(({ throttledShare }) => throttledShare);
  const firsts = figures.map(({ throttledInFirstMinute }) => throttledInFirstMinute);
  const settled = figures.map(({ settleMs }) => (settleMs === null ? Number.POSITIVE_INFINITY : settleMs / 1_000));
  const seconds = (value: number): string => (Number.isFinite(value) ? value.toFixed(1) : "never");
  return line([
    name,
    mean(goodputs).toFixed(3),
    Math.min(...goodputs).toFixed(3),
    percent(mean(shares)),
    percent(Math.max(...shares)),
    mean(firsts).toFixed(1),
    String(Math.max(...firsts)),
    seconds(mean(settled)),
    seconds(Math.max(...settled)),
    String(figures.reduce((sum, { calls }) => sum + calls, 0)),
  ]);
}
