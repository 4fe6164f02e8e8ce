import type { View } from "../view.ts";
import { pace } from "./words.ts";

/** One second in one line: what is printed where nothing can be redrawn. */
export function line(view: View): string {
  const at = `${Math.floor(view.elapsedMs / 1000)}s`.padStart(4);
  const learned = view.learned === null ? "-" : `${view.learned.toFixed(1)}/s`;
  const reason = view.reason === null ? "" : ` (${view.reason})`;
  return [
    at,
    `depth ${view.depth}/${view.capacity}`.padEnd(13),
    `limit ${view.limit}/s learned ${learned}`.padEnd(28),
    `accepted ${view.accepted}/s throttled ${view.throttled}/s`.padEnd(30),
    `producer ${view.stage === "draining" ? "stopped" : pace(view)}`.padEnd(48),
    `${view.level}${reason}`,
  ].join("  ");
}
