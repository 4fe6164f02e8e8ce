import stringWidth from "string-width";
import type { Colors } from "./output.ts";

type Tone = (text: string) => string;

/** One column of a table over rows of this kind. */
export interface Column<Row> {
  readonly title: string;
  readonly cell: (row: Row) => string;
  /** How a cell is coloured; default: as it is. */
  readonly tone?: (row: Row, colors: Colors) => Tone;
  readonly right?: boolean;
  /** Where there is too little room, columns with the least of it go first; default: it always stays. */
  readonly keep?: number;
  /** It may be cut down to this width; default: it is never cut. */
  readonly least?: number;
  /** With so much of it left it still says what it has to: before it is cut further, columns go. Default 20. */
  readonly readable?: number;
  /** Left out while every cell says this. */
  readonly unless?: string;
}

const GAP = 2;
const READABLE = 20;

/** Pure: head and rows as lines of at most this width; columns by spaces alone: no frame survives a copy into a chat. */
export function tableOf<Row>(
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  colors: Colors,
  width: number = Number.POSITIVE_INFINITY,
): readonly string[] {
  const filled = columns
    .map((column) => ({ column, cells: rows.map(column.cell) }))
    .filter(({ column: { unless }, cells }) => unless === undefined || cells.some((cell) => cell !== unless))
    .map((each) => ({
      ...each,
      natural: Math.max(...[each.column.title, ...each.cells].map((text) => stringWidth(text))),
    }));
  const fitting = fit(filled, width);
  const lineOf = (texts: readonly string[], tones: readonly Tone[]): string =>
    fitting
      .map(({ column, width: most }, index) => {
        const text = cut(texts[index] ?? "", most, column.least !== undefined);
        const room = " ".repeat(Math.max(0, most - stringWidth(text)));
        const toned = (tones[index] ?? String)(text);
        return column.right === true ? room + toned : toned + room;
      })
      .join(" ".repeat(GAP))
      .trimEnd();
  return [
    lineOf(
      fitting.map(({ column }) => column.title),
      fitting.map(() => colors.dim),
    ),
    ...rows.map((row, index) =>
      lineOf(
        fitting.map(({ cells }) => cells[index] ?? ""),
        fitting.map(({ column }) => column.tone?.(row, colors) ?? String),
      ),
    ),
  ];
}

interface Filled<Row> {
  readonly column: Column<Row>;
  readonly cells: readonly string[];
  readonly natural: number;
}

/** First what can be cut is cut to what can still be read, then columns go, and what is left is cut down to its least. */
function fit<Row>(filled: readonly Filled<Row>[], width: number): readonly (Filled<Row> & { width: number })[] {
  const sum = (widths: readonly number[]): number =>
    widths.reduce((all, one) => all + one, 0) + GAP * (widths.length - 1);
  const floorOf =
    (floor: (least: number, readable: number) => number) =>
    (each: Filled<Row>): number =>
      each.column.least === undefined
        ? each.natural
        : Math.min(each.natural, floor(each.column.least, each.column.readable ?? READABLE));
  const readable = floorOf((smallest, enough) => Math.max(smallest, enough));
  const least = floorOf((smallest) => smallest);
  let chosen = filled;
  while (sum(chosen.map(readable)) > width) {
    const droppable = chosen.filter(({ column }) => column.keep !== undefined);
    const next = droppable.reduce<Filled<Row> | undefined>(
      (lowest, each) => ((each.column.keep ?? 0) < (lowest?.column.keep ?? Number.POSITIVE_INFINITY) ? each : lowest),
      undefined,
    );
    if (next === undefined) break;
    chosen = chosen.filter((each) => each !== next);
  }
  const widths = chosen.map(sum(chosen.map(readable)) > width ? least : readable);
  let spare = width - sum(widths);
  return chosen.map((each, index) => {
    const given = Math.max(0, Math.min(spare, each.natural - (widths[index] ?? 0)));
    spare -= given;
    return { ...each, width: (widths[index] ?? 0) + given };
  });
}

/** The middle goes: names that begin alike differ at their ends. */
function cut(text: string, most: number, cuttable: boolean): string {
  if (!cuttable || stringWidth(text) <= most) return text;
  const letters = [...text];
  const kept = Math.max(0, most - 1);
  const tail = Math.floor(kept / 3);
  const head = kept - tail;
  return `${letters.slice(0, head).join("")}…${tail > 0 ? letters.slice(-tail).join("") : ""}`;
}
