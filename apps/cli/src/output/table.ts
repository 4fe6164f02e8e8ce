import Table from "cli-table3";
import type { Colors } from "./output.ts";

/** Columns by spaces alone: no frame survives a narrow terminal or a copy into a chat. */
export function table(colors: Colors, head: readonly string[], rows: readonly string[][]): string {
  const chars = Object.fromEntries(
    ["top", "bottom", "left", "right", "mid", "middle"]
      .flatMap((side) => [side, `${side}-mid`, `${side}-left`, `${side}-right`, `left-${side}`, `right-${side}`])
      .map((side) => [side, ""]),
  );
  const layout = new Table({
    head: head.map((title) => colors.dim(title)),
    chars: { ...chars, middle: "  " },
    style: { head: [], border: [], "padding-left": 0, "padding-right": 0 },
  });
  layout.push(...rows);
  return layout
    .toString()
    .split("\n")
    .map((line) => line.trimEnd())
    .join("\n");
}
