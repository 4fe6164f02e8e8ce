import { Damper } from "headgate/internal";
import type { Output } from "../output/output.ts";
import { type LogEvent, logLine } from "./log-line.ts";

export interface EventLog {
  (event: LogEvent): void;
  /** Of errors of one kind, at most one a second is written, with how many were left out before it. */
  trouble(kind: string, event: LogEvent): void;
  close(): void;
}

/** Lines on stderr for people, objects on stdout with --json. */
export function eventLog(output: Output): EventLog {
  const log = (event: LogEvent): void => {
    if (output.json) output.object({ at: Date.now(), ...event });
    else output.log(logLine(event, new Date()));
  };
  const damper = new Damper<LogEvent>((event, _kind, suppressed) =>
    log(suppressed > 0 ? { ...event, suppressed } : event),
  );
  /** A worker has left out some already. */
  const leftOut = ({ suppressed }: LogEvent): number => (typeof suppressed === "number" ? suppressed : 0);
  return Object.assign(log, {
    trouble: (kind: string, event: LogEvent) => damper.take(kind, event, leftOut(event)),
    close: () => damper.close(),
  });
}
