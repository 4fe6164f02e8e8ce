import type { LimiterStatus, QueueStatus } from "headgate/control";
import { duration } from "../output/figures.ts";
import type { Status } from "./read.ts";

/** For `status --watch` into a pipe: one line per limiter and queue, each time, with fixed fields of plain numbers. */
export function statusLines({ at, limiters, queues }: Status): readonly string[] {
  const time = new Date(at).toISOString();
  return [...limiters.map((one) => `${time} ${limiterLine(one)}`), ...queues.map((one) => `${time} ${queueLine(one)}`)];
}

const figure = (value: number): string => String(Math.round(value * 10) / 10);
const quoted = (text: string | null): string => (text === null ? "-" : JSON.stringify(text));

const limiterLine = (one: LimiterStatus): string =>
  [
    `limiter=${one.limiter}`,
    `rate=${one.rate === null ? "unpaced" : figure(one.rate)}`,
    `phase=${one.phase}`,
    `gate=${one.gate.closed ? "closed" : one.gate.halfOpen ? "probing" : "open"}`,
    `opensIn=${one.gate.closed ? duration(one.gate.remainingMs).replace(" ", "") : "-"}`,
    `inFlight=${one.inFlight}`,
    `accepted=${figure(one.acceptedPerSecond)}`,
    `throttled=${figure(one.throttledPerSecond)}`,
    `share=${figure(100 * one.throttledShare)}%`,
    `reason=${quoted(one.gate.reason)}`,
  ].join(" ");

const queueLine = (one: QueueStatus): string =>
  [
    `queue=${one.queue}`,
    `level=${one.level}`,
    `depth=${one.depth}/${one.capacity}`,
    `drain=${figure(one.drainPerSecond)}`,
    `oldest=${duration(one.oldestJobAgeMs).replace(" ", "")}`,
    `active=${one.counts.active}`,
    `failed=${one.counts.failed}`,
    `paused=${one.paused}`,
    `reason=${quoted(one.pauseReason ?? one.reason)}`,
  ].join(" ");
