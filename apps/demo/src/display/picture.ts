import type { createColors } from "picocolors";
import sparkly from "sparkly";
import type { Second, View } from "../view.ts";
import { clock, pace, seconds, share } from "./words.ts";

type Colors = ReturnType<typeof createColors>;

const BAR_WIDTH = 40;
const LABEL_WIDTH = 11;

/** The whole display as text: what is redrawn in place on a terminal. */
export function picture(view: View, columns: number, color: Colors): string {
  const label = (text: string): string => color.dim(text.padEnd(LABEL_WIDTH));
  const line = (name: string, text: string): string => `  ${label(name)}${text}`;
  const recent = view.seconds.slice(-(columns - LABEL_WIDTH - 6));
  const timeline = (
    name: string,
    of: (second: Second) => number,
    paint: (text: string) => string,
    most: number,
  ): string => line(name, paint(spark(recent.map(of), most)));
  const calls = Math.max(...view.seconds.map(({ limit }) => limit), view.limit);

  return [
    "",
    `  ${color.bold("Headgate")}  ${color.dim("an API's rate limit, felt by the producer")}   ${progress(view, color)}`,
    "",
    line(
      "depth",
      `${bar(view, color)} ${view.depth} of ${view.capacity}  ${color.dim(`most so far ${view.maxDepth}`)}`,
    ),
    line(
      "level",
      `${levelIn(color)[view.level](view.level)}${view.reason === null ? "" : color.dim(`  ${view.reason}`)}`,
    ),
    line(
      "API limit",
      `${color.bold(`${view.limit}/s`)}  ${color.dim("learned by the fleet")} ${learned(view, color)}${gate(view, color)}`,
    ),
    line("calls", `${color.green(`${view.accepted}/s accepted`)}  ${throttled(view, color)}`),
    line("producer", producer(view, color)),
    "",
    timeline("limit", ({ limit }) => limit, color.dim, calls),
    timeline("enqueued", ({ enqueued }) => enqueued, color.yellow, calls),
    timeline("accepted", ({ accepted }) => accepted, color.green, calls),
    timeline("throttled", (second) => second.throttled, color.red, calls / 5),
    timeline("depth", ({ depth }) => depth, color.cyan, view.capacity),
    "",
    line("processes", color.dim(view.processes)),
    "",
  ].join("\n");
}

const levelIn = (color: Colors): Record<View["level"], (text: string) => string> => ({
  open: color.green,
  slow: color.yellow,
  closed: color.red,
});

function progress({ stage, elapsedMs, totalMs }: View, color: Colors): string {
  if (stage === "running") return `${clock(elapsedMs)} / ${clock(totalMs)}`;
  return color.yellow("time is up: finishing what was accepted");
}

function bar({ depth, capacity, level }: View, color: Colors): string {
  const full = Math.min(BAR_WIDTH, Math.round((depth / capacity) * BAR_WIDTH));
  return levelIn(color)[level]("█".repeat(full)) + color.dim("░".repeat(BAR_WIDTH - full));
}

const learned = ({ learned, phase }: View, color: Colors): string =>
  learned === null ? color.dim("nothing yet") : `${color.bold(`${learned.toFixed(1)}/s`)} ${color.dim(`(${phase})`)}`;

function throttled(view: View, color: Colors): string {
  const now = `${view.throttled}/s throttled`;
  const inAll = `${view.acceptedInAll} and ${view.throttledInAll} in all, ${share(view.throttledInAll, view.acceptedInAll)} throttled`;
  return `${view.throttled > 0 ? color.red(now) : now}  ${color.dim(inAll)}`;
}

const gate = ({ gateMs }: View, color: Colors): string =>
  gateMs > 0 ? color.red(`  gate shut for ${seconds(gateMs)}: it said Retry-After`) : "";

function producer(view: View, color: Colors): string {
  const held = `${view.enqueued} enqueued, stood still ${seconds(view.waitedMs)} of ${seconds(view.elapsedMs)}`;
  if (view.stage === "draining") return color.dim(`stopped, ${view.enqueued} enqueued`);
  return `${color.yellow(pace(view))}  ${color.dim(held)}`;
}

/** Nothing is drawn for zero, so that a rare event can be seen. */
const spark = (values: readonly number[], most: number): string =>
  sparkly(
    values.map((value) => (value === 0 ? "" : Math.min(value, most))),
    { minimum: 0, maximum: most },
  );
