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

/** For people: what is so, since when, why, until when, and what can be done about it. */
export function explanationText(said: Explanation, colors: Colors, now: number): string {
  const lines = [
    `${colors.bold(said.id)} of ${said.queue} ${tone(said, colors)(STATES[said.state])}${sinceText(said, now)}`,
  ];
  if (said.state === "active") lines.push(...runText(said, colors));
  if (inLine(said)) lines.push("", whenText(said, colors), ...deadlineText(said, colors, now));
  if (said.causes.length > 0) lines.push("", "What it waits for, the longest first:", ...causeLines(said, colors));
  lines.push(...history(said, colors), ...nextSteps(said, colors));
  return lines.join("\n");
}

const ended = ({ state }: Explanation): boolean => state === "completed" || state === "failed";
const inLine = ({ state }: Explanation): boolean => state === "wait" || state === "prioritized" || state === "delayed";

function tone({ state }: Explanation, colors: Colors): (text: string) => string {
  if (state === "failed" || state === "unknown") return colors.red;
  return state === "completed" || state === "active" ? colors.green : colors.yellow;
}

function sinceText(said: Explanation, now: number): string {
  const since = said.finishedAt ?? (said.state === "active" ? said.startedAt : said.enqueuedAt);
  if (since === null) return "";
  const passed = duration(Math.max(0, now - since));
  if (!ended(said)) return `, for ${passed}`;
  const took = said.startedAt === null || said.finishedAt === null ? null : said.finishedAt - said.startedAt;
  return `, ${passed} ago${took === null ? "" : `, after a run of ${duration(Math.max(0, took))}`}`;
}

function runText({ worker, lockMs, stalls }: Explanation, colors: Colors): readonly string[] {
  const who = worker === null ? "" : ` in worker ${worker}`;
  const again = stalls > 0 ? `; a worker has died or stood still with it ${times(stalls)} before` : "";
  if (lockMs === 0) {
    return [
      colors.red(
        `Its worker${worker === null ? "" : ` ${worker}`} has died or stands still: its lock is gone${again}.`,
      ),
      "The next look for stalled jobs, every 5 s by default, puts it back; without any worker nobody looks.",
    ];
  }
  return [`It runs${who}${lockMs === null ? "" : `, whose lock holds for ${duration(lockMs)}`}${again}.`];
}

function whenText({ until, startsInMs, ahead, limiter }: Explanation, colors: Colors): string {
  const line = `${count(ahead)} ahead of it; limiter ${limiter}`;
  if (until === null || startsInMs === null) return `${colors.red("Nobody can say when it starts.")} ${line}`;
  if (startsInMs < 50) return `${colors.green("It starts now.")} ${line}`;
  return `${colors.green(`It should start in about ${duration(startsInMs)}`)}, at ${moment(until)}. ${line}`;
}

function deadlineText({ deadline, until }: Explanation, colors: Colors, now: number): readonly string[] {
  if (deadline === null) return [];
  const left = deadline - now;
  if (left > 0 && (until === null || until <= deadline)) return [`Its deadline is in ${duration(left)}.`];
  const when = left > 0 ? `passes in ${duration(left)}, before its turn` : `passed ${duration(-left)} ago`;
  return [colors.red(`Its deadline ${when}: it will fail with HG_DEADLINE_EXCEEDED.`)];
}

function causeLines({ causes }: Explanation, colors: Colors): readonly string[] {
  const width = Math.max(...causes.map(({ cause }) => cause.length));
  const times = causes.map(({ forMs }) => (forMs === null ? "" : duration(forMs)));
  const timeWidth = Math.max(...times.map((time) => time.length));
  return causes.map(({ cause, detail }, index) => {
    const time = timeWidth === 0 ? "" : `${(times[index] ?? "").padStart(timeWidth)}  `;
    return `  ${colors.yellow(cause.padEnd(width))}  ${colors.bold(time)}${detail}`;
  });
}

const times = (many: number): string => (many === 1 ? "once" : `${count(many)} times`);

function history(said: Explanation, colors: Colors): readonly string[] {
  const { attemptsMade, attempts, deferrals, failedReason, parent, stalls, state } = said;
  const lines = [
    ...(attemptsMade > 0 ? [`attempts   ${count(attemptsMade)} of ${count(attempts)} used`] : []),
    ...(deferrals > 0 ? [`deferrals  the API throttled it ${times(deferrals)}; that spends no attempt`] : []),
    ...(stalls > 0 && state !== "active" ? [`stalls     a worker died or stood still with it ${times(stalls)}`] : []),
    ...(failedReason === null ? [] : [`failure    ${colors.red(failedReason)}`]),
    ...(parent === null ? [] : [`parent     ${parent} waits for it`]),
  ];
  return lines.length > 0 ? ["", ...lines] : [];
}

/** What an operator can do; nothing where waiting is all there is to it. */
function nextSteps(said: Explanation, colors: Colors): readonly string[] {
  const { queue, limiter, id, state, causes } = said;
  const has = (cause: string): boolean => causes.some((one) => one.cause === cause);
  const steps = [
    ...(has("pause") ? [`headgate resume queue:${queue}`] : []),
    ...(causes.some(({ cause, forMs }) => cause === "gate" && forMs === null)
      ? [`headgate resume limiter:${limiter}`]
      : []),
    ...(causes.some(({ cause, forMs }) => cause === "workers" && forMs === null) ? [`headgate worker ${queue}`] : []),
    ...(causes[0]?.cause === "limit" || causes[0]?.cause === "concurrency" ? [`headgate limits ${limiter}`] : []),
    ...(state === "failed" ? [`headgate failed ${queue} retry ${/^[\w.~-]+$/.test(id) ? id : "<its id>"}`] : []),
  ];
  return steps.length > 0 ? ["", ...steps.map((step) => `${colors.dim("next:")} ${step}`)] : [];
}
