import type { QueueStatus } from "headgate/control";
import { bar, sparkline } from "../output/bar.ts";
import type { Column } from "../output/columns.ts";
import { count, duration, NOTHING, rate } from "../output/figures.ts";
import type { Colors } from "../output/output.ts";

const BAR_CELLS = 10;
export const TREND_CELLS = 16;

type Tone = (text: string) => string;

export const levelTone = ({ level, paused }: QueueStatus, colors: Colors): Tone =>
  paused ? colors.magenta : { open: colors.green, slow: colors.yellow, closed: colors.red }[level];

const figure =
  (read: (status: QueueStatus) => number) =>
  (status: QueueStatus, colors: Colors): Tone =>
    read(status) === 0 ? colors.dim : String;

/** @param trend the depths of a queue at the last looks; without, there is no such column */
export function queueColumns(trend?: (queue: string) => readonly number[]): readonly Column<QueueStatus>[] {
  return [
    {
      title: "QUEUE",
      cell: ({ queue }) => queue,
      tone: ({ level, paused }, colors) => (level === "open" && !paused ? String : colors.bold),
      least: 8,
      readable: 16,
    },
    { title: "LEVEL", cell: ({ level, paused }) => (paused ? "paused" : level), tone: levelTone },
    { title: "", cell: ({ depth, capacity }) => bar(depth / capacity, BAR_CELLS), tone: levelTone, keep: 7 },
    {
      title: "DEPTH",
      cell: ({ depth, capacity }) => `${count(depth)}/${count(capacity)}`,
      tone: ({ overCapacity }, colors) => (overCapacity > 0 ? colors.red : String),
      right: true,
    },
    ...(trend === undefined
      ? []
      : [
          {
            title: "TREND",
            cell: ({ queue }: QueueStatus) => sparkline(trend(queue), TREND_CELLS),
            tone: levelTone,
            keep: 5,
          },
        ]),
    {
      title: "DRAIN/S",
      cell: (one) => rate(one.drainPerSecond),
      tone: figure((one) => one.drainPerSecond),
      right: true,
      keep: 8,
    },
    {
      title: "OLDEST",
      cell: ({ oldestJobAgeMs }) => duration(oldestJobAgeMs),
      tone: ({ oldestJobAgeMs }, colors) => (oldestJobAgeMs === null ? colors.dim : String),
      right: true,
      keep: 6,
    },
    {
      title: "WAIT",
      cell: ({ counts }) => count(waiting(counts)),
      tone: figure(({ counts }) => waiting(counts)),
      right: true,
      keep: 2,
    },
    {
      title: "RUN",
      cell: ({ counts }) => count(counts.active),
      tone: figure(({ counts }) => counts.active),
      right: true,
      keep: 4,
    },
    {
      title: "DELAYED",
      cell: ({ counts }) => count(counts.delayed),
      tone: figure(({ counts }) => counts.delayed),
      right: true,
      keep: 3,
    },
    {
      title: "FAILED",
      cell: ({ counts }) => count(counts.failed),
      tone: ({ counts }, colors) => (counts.failed > 0 ? colors.red : colors.dim),
      right: true,
      keep: 9,
    },
    { title: "WHY", cell: whyText, tone: levelTone, least: 8, readable: 28, keep: 6.5, unless: "" },
  ];
}

const waiting = ({ wait, prioritized, paused }: QueueStatus["counts"]): number => wait + prioritized + paused;

const REASONS: Readonly<Record<string, string>> = {
  gate: "gate shut",
  throttled: "many 429s",
  memory: "Redis' memory is full",
};

function whyText(status: QueueStatus): string {
  const { level, reason, pauseReason, paused, depth, capacity, retryAfterMs, overCapacity, disagreement } = status;
  const byOperator = paused || reason === "operator";
  const why = reason === "depth" ? `${Math.floor((100 * depth) / capacity)}% full` : (REASONS[reason ?? ""] ?? reason);
  return [
    ...(level === "open" && !paused ? [] : [byOperator ? (pauseReason ?? "by an operator") : (why ?? NOTHING)]),
    ...(level === "closed" && !byOperator && retryAfterMs > 0 ? [`back in ${duration(retryAfterMs)}`] : []),
    ...(overCapacity > 0 ? [`${count(overCapacity)} over capacity`] : []),
    ...(disagreement === null ? [] : [`processes disagree: ${disagreement}`]),
  ].join(", ");
}
