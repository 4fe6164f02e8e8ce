import type { WriteStream } from "node:tty";
import { createLogUpdate } from "log-update";
import { createColors } from "picocolors";
import type { View } from "../view.ts";
import { line } from "./line.ts";
import { picture } from "./picture.ts";

export interface Screen {
  show(view: View): void;
  /** Leaves the last picture standing. */
  done(): void;
}

/** Redraws in place on a terminal; prints a line a second anywhere else. */
export function screenOn(stream: WriteStream): Screen {
  return stream.isTTY ? terminal(stream) : lines(stream);
}

function terminal(stream: WriteStream): Screen {
  const redraw = createLogUpdate(stream);
  const color = createColors(stream.hasColors()); // honours NO_COLOR
  return {
    show: (view) => redraw(picture(view, stream.columns, color)),
    done: () => redraw.done(),
  };
}

function lines(stream: WriteStream): Screen {
  let second = -1;
  return {
    show: (view) => {
      const now = Math.floor(view.elapsedMs / 1000);
      if (now === second) return;
      if (second === -1) stream.write(`processes: ${view.processes}\n`);
      second = now;
      stream.write(`${line(view)}\n`);
    },
    done: () => {},
  };
}
