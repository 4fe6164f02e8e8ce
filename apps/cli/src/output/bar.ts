const EIGHTHS = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];
const HEIGHTS = ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"];

/** So many cells wide, full to this share (0 to 1): what is more than nothing can be seen, and what is not full has a gap. */
export function bar(share: number, cells: number): string {
  const bounded = Math.min(1, Math.max(0, share));
  const eighths = Math.round(bounded * cells * 8);
  const shown = bounded > 0 && bounded < 1 ? Math.min(cells * 8 - 1, Math.max(1, eighths)) : eighths;
  const text = "█".repeat(Math.floor(shown / 8)) + (EIGHTHS[shown % 8] ?? "");
  return text + "░".repeat(cells - text.length);
}

/** One column a value, the largest one full. */
export function sparkline(values: readonly number[], cells: number): string {
  const last = values.slice(-cells);
  const most = Math.max(...last, 1);
  return last
    .map((value) => (value <= 0 ? HEIGHTS[0] : HEIGHTS[Math.min(7, Math.round((value / most) * 7))]))
    .join("")
    .padStart(cells);
}
