import type { History } from "headgate/internal";

const PHASES = ["idle", "free", "ramp", "flush", "steady"];

/** A line per second of a history: what the API saw, and what the limiter paced at when it ended. */
export function trace({ calls, glances }: History, seconds: number): string[] {
  const accepted = new Array<number>(seconds).fill(0);
  const throttled = new Array<number>(seconds).fill(0);
  for (const call of calls) {
    const second = Math.floor(call.at / 1_000);
    const counts = call.accepted ? accepted : throttled;
    counts[second] = (counts[second] ?? 0) + 1;
  }
  return accepted.map((count, second) => {
    const glance = glances.findLast(({ at }) => at <= (second + 1) * 1_000);
    const rate = glance?.rate ?? 0;
    const shut =
      glance && glance.gate > glance.at ? ` shut for ${((glance.gate - glance.at) / 1_000).toFixed(1)} s` : "";
    const paced = Number.isFinite(rate) ? rate.toFixed(1) : "unpaced";
    const cells = [
      `${second}`.padStart(4),
      `${count}`.padStart(6),
      `${throttled[second]}`.padStart(5),
      paced.padStart(9),
    ];
    return `${cells.join(" ")} ${PHASES[glance?.phase ?? 0]}${shut}`;
  });
}
