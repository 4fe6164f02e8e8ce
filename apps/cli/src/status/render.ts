import type { LimiterStatus, QueueStatus } from "headgate/control";
import { tableOf } from "../output/columns.ts";
import { count } from "../output/figures.ts";
import type { Colors } from "../output/output.ts";
import { limiterColumns } from "./limiters.ts";
import { queueColumns } from "./queues.ts";
import type { Status } from "./read.ts";

export interface Frame {
  readonly colors: Colors;
  /** Of the terminal; default: as wide, and as high, as it comes. */
  readonly columns?: number | undefined;
  readonly rows?: number | undefined;
  /** Depths of a queue at the last looks. */
  readonly trend?: (queue: string) => readonly number[];
}

/** What stands beside the rows of queues and limiters: two heads and the gap between them. */
const FURNITURE = 3;
const LEAST_LIMITERS = 3;

/** Pure: limiters above queues, as lines that fit into the frame; where rows do not fit, what is in trouble stays. */
export function renderStatus({ limiters, queues }: Status, { colors, columns, rows, trend }: Frame): readonly string[] {
  const room = rows === undefined ? Number.POSITIVE_INFINITY : Math.max(2, rows - FURNITURE);
  const limiterRoom = Math.max(Math.min(LEAST_LIMITERS, room - 1), room - queues.length);
  const shownLimiters = mostTroubled(limiters, limiterRoom, limiterTrouble);
  const limiterLines = shownLimiters.length + (shownLimiters.length < limiters.length ? 1 : 0);
  const shownQueues = mostTroubled(queues, room - limiterLines, queueTrouble);
  return [
    ...tableOf(limiterColumns, shownLimiters, colors, columns),
    ...moreText(limiters.length - shownLimiters.length, "limiters", "all with an open gate", colors),
    "",
    ...tableOf(queueColumns(trend), shownQueues, colors, columns),
    ...moreQueues(queues, shownQueues, colors),
  ];
}

/** One line: what an eye that comes back looks for first. */
export function summaryText({ limiters, queues }: Status, colors: Colors, width: number): string {
  const shut = limiters.filter(({ gate }) => gate.closed).length;
  const paused = queues.filter((queue) => queue.paused).length;
  const closed = queues.filter((queue) => queue.level === "closed" && !queue.paused).length;
  const slow = queues.filter((queue) => queue.level === "slow" && !queue.paused).length;
  const failed = queues.reduce((sum, { counts }) => sum + counts.failed, 0);
  const parts = [
    ...(shut > 0 ? [{ text: `${count(shut)} gate${shut === 1 ? "" : "s"} shut`, tone: colors.red }] : []),
    ...(closed > 0 ? [{ text: `${count(closed)} closed`, tone: colors.red }] : []),
    ...(paused > 0 ? [{ text: `${count(paused)} paused`, tone: colors.magenta }] : []),
    ...(slow > 0 ? [{ text: `${count(slow)} slow`, tone: colors.yellow }] : []),
    ...(failed > 0 ? [{ text: `${count(failed)} failed`, tone: colors.red }] : []),
  ];
  if (parts.length === 0) return colors.green("all open");
  const widths = parts.map((_, index) =>
    parts.slice(0, index + 1).reduce((sum, { text }) => sum + text.length + 3, -3),
  );
  const fitting = parts.filter((_, index) => (widths[index] ?? 0) <= width);
  return fitting.map(({ text, tone }) => tone(text)).join(colors.dim(" · "));
}

/** In the order of the config, so that nothing jumps about. */
function mostTroubled<Row>(rows: readonly Row[], room: number, trouble: (row: Row) => number): readonly Row[] {
  if (rows.length <= room) return rows;
  const chosen = new Set([...rows].sort((a, b) => trouble(b) - trouble(a)).slice(0, Math.max(1, room - 1)));
  return rows.filter((row) => chosen.has(row));
}

const limiterTrouble = ({ gate, throttledShare }: LimiterStatus): number =>
  (gate.closed ? 2 : gate.halfOpen ? 1.5 : 0) + throttledShare;

const queueTrouble = ({ level, paused, depth, capacity, counts }: QueueStatus): number =>
  (paused || level === "closed" ? 4 : level === "slow" ? 2 : 0) +
  Math.min(1, depth / capacity) +
  (counts.failed > 0 ? 0.5 : 0);

function moreQueues(all: readonly QueueStatus[], shown: readonly QueueStatus[], colors: Colors): readonly string[] {
  const hidden = all.filter((queue) => !shown.includes(queue));
  const worse = hidden.filter(({ level, paused }) => level !== "open" || paused).length;
  const depth = hidden.reduce((sum, queue) => sum + queue.depth, 0);
  const state = worse === 0 ? "all open" : `${count(worse)} of them not open`;
  return moreText(hidden.length, "queues", `${state}, ${count(depth)} jobs`, colors);
}

const moreText = (more: number, what: string, state: string, colors: Colors): readonly string[] =>
  more > 0 ? [colors.dim(`… and ${count(more)} more ${what}, ${state}`)] : [];
