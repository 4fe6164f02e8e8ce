import type { Producer } from "headgate/producer";
import type { Output } from "../output/output.ts";

/** What lines wait for at this moment. */
export interface Pressure {
  /** Undefined when nothing is known to hold them. */
  readonly text: () => string | undefined;
  /** Redis has answered. */
  answered(): void;
}

/** A line that waits goes on waiting while Redis is away: whoever watches is told, once an outage. */
export function watchPressure(producer: Pick<Producer, "on">, output: Pick<Output, "log">): Pressure {
  let level: string | undefined;
  let away = false;
  producer.on("level", (change) => {
    level = change.reason === null ? change.level : `${change.level} (${change.reason})`;
  });
  producer.on("error", () => {
    if (!away) output.log("Redis does not answer; lines wait until it does, ctrl-c stops.");
    away = true;
  });
  return {
    text: () => (away ? "Redis does not answer" : level),
    answered: () => {
      if (away) output.log("Redis answers again.");
      away = false;
    },
  };
}
