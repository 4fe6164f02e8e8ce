import { duration, rate, share } from "../output/figures.ts";
import type { Status } from "./read.ts";

/** For `status --watch` into a pipe: one line per limiter and queue, each time, with fixed fields. */
export function statusLines({ at, limiters, queues }: Status): readonly string[] {
  const time = new Date(at).toISOString();
  return [
    ...limiters.map((one) =>
      [
        time,
        `limiter=${one.limiter}`,
        `rate=${one.rate === null ? "unpaced" : rate(one.rate)}`,
        `phase=${one.phase}`,
        `gate=${one.gate.closed ? "closed" : "open"}`,
        `inFlight=${one.inFlight}`,
        `accepted=${rate(one.acceptedPerSecond)}`,
        `throttled=${rate(one.throttledPerSecond)}`,
        `share=${share(one.throttledShare)}`,
      ].join(" "),
    ),
    ...queues.map((one) =>
      [
        time,
        `queue=${one.queue}`,
        `level=${one.level}`,
        `depth=${one.depth}/${one.capacity}`,
        `drain=${rate(one.drainPerSecond)}`,
        `oldest=${duration(one.oldestJobAgeMs)}`,
        `reason=${one.reason === null ? "-" : JSON.stringify(one.reason)}`,
      ].join(" "),
    ),
  ];
}
