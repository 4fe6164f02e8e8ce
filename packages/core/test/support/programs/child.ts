import type { Command, Orders, Report } from "./protocol.ts";

/** The child's end of support/process.ts. */
export const orders = (): Orders => JSON.parse(process.argv[2] ?? "") as Orders;

export const report = (what: Report): void => {
  process.send?.(what);
};

/** Carries out commands; `close` ends the process, and so does the end of its parent. */
export function obey(close: () => Promise<void>, carryOut: (command: Command) => Promise<void>): void {
  const orphaned = (): never => process.exit(1);
  process.on("disconnect", orphaned);
  process.on("message", (command: Command) => {
    const done = command.do === "close" ? close().then(() => leave(orphaned)) : carryOut(command);
    done.catch((error: unknown) => {
      console.error(error);
      process.exit(1);
    });
  });
}

/** A clean end: nothing may keep the process alive any more. */
function leave(orphaned: () => never): void {
  process.off("disconnect", orphaned);
  process.disconnect();
}
