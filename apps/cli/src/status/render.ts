import type { LimiterStatus, QueueStatus } from "headgate/control";
import { count, duration, NOTHING, rate, share } from "../output/figures.ts";
import type { Colors } from "../output/output.ts";
import { table } from "../output/table.ts";
import type { Status } from "./read.ts";

/** Two tables, limiters above queues. Rates are per second; the share is of the last 10 s. */
export function renderStatus({ limiters, queues }: Status, colors: Colors): string {
  return [
    table(
      colors,
      ["LIMITER", "RATE/S", "PHASE", "GATE", "IN FLIGHT", "ACCEPTED/S", "THROTTLED/S", "SHARE"],
      limiters.map((one) => limiterCells(one, colors)),
    ),
    "",
    table(
      colors,
      ["QUEUE", "LEVEL", "DEPTH", "DRAIN/S", "OLDEST", "WAITING", "ACTIVE", "DELAYED", "FAILED", "REASON"],
      queues.map((one) => queueCells(one, colors)),
    ),
    ...limiters.flatMap(limitLines),
    ...queues.flatMap((queue) => noteLines(queue, colors)),
  ].join("\n");
}

export function limiterCells(status: LimiterStatus, colors: Colors): string[] {
  const throttled = status.throttledPerSecond > 0 || status.throttledShare > 0;
  const tone = throttled ? colors.red : String;
  return [
    status.limiter,
    status.rate === null ? "unpaced" : rate(status.rate),
    status.phase,
    gateText(status, colors),
    status.concurrency === null ? count(status.inFlight) : `${count(status.inFlight)}/${count(status.concurrency)}`,
    rate(status.acceptedPerSecond),
    tone(rate(status.throttledPerSecond)),
    tone(share(status.throttledShare)),
  ];
}

function gateText({ gate }: LimiterStatus, colors: Colors): string {
  if (!gate.closed) return colors.green("open");
  const until = gate.until === null ? "until resumed" : duration(gate.remainingMs);
  return colors.red(`closed ${until}`) + (gate.reason === null ? "" : ` (${gate.reason})`);
}

export function queueCells(status: QueueStatus, colors: Colors): string[] {
  const { counts } = status;
  return [
    status.queue,
    levelText(status, colors),
    `${count(status.depth)}/${count(status.capacity)}`,
    rate(status.drainPerSecond),
    duration(status.oldestJobAgeMs),
    count(counts.wait + counts.prioritized + counts.paused),
    count(counts.active),
    count(counts.delayed),
    counts.failed > 0 ? colors.red(count(counts.failed)) : "0",
    [status.reason, status.pauseReason].filter(Boolean).join(": ") || NOTHING,
  ];
}

function levelText({ level, paused }: QueueStatus, colors: Colors): string {
  const tone = { open: colors.green, slow: colors.yellow, closed: colors.red }[level];
  return paused ? `${tone(level)} paused` : tone(level);
}

function limitLines({ limiter, limits }: LimiterStatus): readonly string[] {
  return limits.map(
    ({ unit, amount, perMs, burst, remaining }) =>
      `${limiter}: ${count(amount)} ${unit} per ${duration(perMs)}, ${count(remaining)} of burst ${count(burst)} left`,
  );
}

function noteLines(
  { queue, overCapacity, disagreement, retryAfterMs, level }: QueueStatus,
  colors: Colors,
): readonly string[] {
  const notes: string[] = [];
  if (level !== "open" && retryAfterMs > 0)
    notes.push(`${queue}: refused producers are told to come back in ${duration(retryAfterMs)}`);
  if (overCapacity > 0) notes.push(colors.red(`${queue}: ${count(overCapacity)} over capacity`));
  if (disagreement !== null) notes.push(colors.yellow(`${queue}: processes disagree: ${disagreement}`));
  return notes;
}
