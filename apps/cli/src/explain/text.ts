import type { Explanation } from "headgate/control";
import { count, duration, moment } from "../output/figures.ts";
import type { Colors } from "../output/output.ts";

const STATES: Readonly<Record<Explanation["state"], string>> = {
  wait: "waits in line",
  prioritized: "waits in line, by priority",
  delayed: "is delayed",
  active: "runs now",
  "waiting-children": "waits for its children",
  completed: "has completed",
  failed: "has failed",
  unknown: "stands in no list: something else than Headgate has touched it",
};

/** For people: what is so, since when, why, and until when. */
export function explanationText(said: Explanation, colors: Colors, now: number): string {
  const since = said.finishedAt ?? (said.state === "active" ? said.startedAt : said.enqueuedAt);
  const ago = since === null ? "" : `, for ${duration(Math.max(0, now - since))}`;
  const lines = [
    `${colors.bold(said.id)} of ${said.queue} ${STATES[said.state]}${ended(said) ? agoText(now, since) : ago}`,
  ];
  if (said.causes.length > 0) {
    const width = Math.max(...said.causes.map(({ cause }) => cause.length));
    lines.push("", "What it waits for, the longest first:");
    for (const { cause, detail, forMs } of said.causes) {
      const time = forMs === null ? "" : colors.dim(`  ${duration(forMs)}`);
      lines.push(`  ${colors.yellow(cause.padEnd(width))}  ${detail}${time}`);
    }
  }
  if (inLine(said)) lines.push("", whenText(said, colors));
  lines.push(...history(said));
  return lines.join("\n");
}

const ended = ({ state }: Explanation): boolean => state === "completed" || state === "failed";
const inLine = ({ state }: Explanation): boolean => state === "wait" || state === "prioritized" || state === "delayed";
const agoText = (now: number, at: number | null): string =>
  at === null ? "" : `, ${duration(Math.max(0, now - at))} ago`;

function whenText({ until, startsInMs, ahead, limiter }: Explanation, colors: Colors): string {
  const line = `${count(ahead)} ahead of it; limiter ${limiter}`;
  if (until === null || startsInMs === null) return `${colors.red("Nobody can say when it starts.")} ${line}`;
  if (startsInMs < 50) return `${colors.green("It starts now.")} ${line}`;
  return `${colors.green(`It should start in about ${duration(startsInMs)}`)}, at ${moment(until)}. ${line}`;
}

function history({ attemptsMade, attempts, deferrals, failedReason, parent }: Explanation): readonly string[] {
  return [
    ...(attemptsMade > 0 ? [`attempts: ${count(attemptsMade)} of ${count(attempts)} made`] : []),
    ...(deferrals > 0
      ? [`deferrals: the API throttled it ${deferrals === 1 ? "once" : `${count(deferrals)} times`}`]
      : []),
    ...(failedReason === null ? [] : [`last failure: ${failedReason}`]),
    ...(parent === null ? [] : [`its parent waits for it: ${parent}`]),
  ];
}
