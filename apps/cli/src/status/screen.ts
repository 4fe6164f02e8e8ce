import {
  cursorHide,
  cursorShow,
  cursorTo,
  enterAlternativeScreen,
  eraseDown,
  eraseEndLine,
  exitAlternativeScreen,
} from "ansi-escapes";

/** A terminal that is drawn again and again in place, and given back as it was. */
export interface Screen {
  readonly columns: number;
  readonly rows: number;
  /** Lines have to fit: what is too much would scroll. */
  draw(lines: readonly string[]): void;
  /** Called when the terminal has another size. */
  onResize(redraw: () => void): void;
  /** Gives the terminal back. */
  close(): void;
}

/** Terminals that know it show all of a picture at once: https://gist.github.com/christianparpart/d8a62cc1ab659194337d73e399004036 */
const BEGIN = "\u001b[?2026h";
const END = "\u001b[?2026l";
const DEFAULT_COLUMNS = 80;
const DEFAULT_ROWS = 24;

/** The other screen of the terminal: no rest of a wider picture stays when it is made narrower. */
export function openScreen(stdout: NodeJS.WriteStream): Screen {
  const redraws: (() => void)[] = [];
  const resized = (): void => {
    for (const redraw of redraws) redraw();
  };
  const giveBack = (): void => void stdout.write(exitAlternativeScreen + cursorShow);
  stdout.write(enterAlternativeScreen + cursorHide);
  stdout.on("resize", resized);
  // Also where a second signal ends the process at once.
  process.once("exit", giveBack);
  return {
    get columns() {
      return stdout.columns || DEFAULT_COLUMNS;
    },
    get rows() {
      return stdout.rows || DEFAULT_ROWS;
    },
    draw: (lines) => {
      const text = lines.map((line) => line + eraseEndLine).join("\n");
      stdout.write(`${BEGIN}${cursorTo(0, 0)}${text}${eraseDown}${END}`);
    },
    onResize: (redraw) => void redraws.push(redraw),
    close: () => {
      stdout.off("resize", resized);
      process.off("exit", giveBack);
      giveBack();
    },
  };
}
