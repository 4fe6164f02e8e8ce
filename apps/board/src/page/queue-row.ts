import type { QueueStatus } from "headgate/control";
import { html } from "hono/html";
import type { BoardQueue } from "../board.ts";
import { bar } from "./bar.ts";
import { count, duration, perSecond } from "./figures.ts";
import type { Markup } from "./markup.ts";

export function queueRow(status: QueueStatus, queue: BoardQueue | undefined): Markup {
  const ticks = queue === undefined ? [] : [queue.watermarks.low, queue.watermarks.high];
  return html`<div class="state" data-level="${status.level}">
    <p class="line">
      <span class="badge">${status.level}</span>
      ${status.paused ? html`<span class="badge plain">paused</span>` : ""}
      <span class="why">${[status.reason, status.pauseReason].filter(Boolean).join(": ")}</span>
      <span class="amount"><b>${count(status.depth)}</b> of ${count(status.capacity)} jobs</span>
    </p>
    ${bar(status.depth, status.capacity, `${status.depth} of ${status.capacity} jobs`, ticks)}
    <dl>${facts(status).map(([term, value, tone]) => html`<div><dt>${term}</dt><dd class="${tone ?? ""}">${value}</dd></div>`)}</dl>
    ${notes(status).map((note) => html`<p class="note">${note}</p>`)}
  </div>`;
}

function facts(status: QueueStatus): readonly (readonly [term: string, value: string, tone?: "bad"])[] {
  const { wait, prioritized, delayed, active, completed, failed } = status.counts;
  return [
    ["drains", perSecond(status.drainPerSecond)],
    ["oldest", duration(status.oldestJobAgeMs)],
    ["waiting", count(wait + prioritized + status.counts.paused)],
    ["active", count(active)],
    ["delayed", count(delayed)],
    ["completed", count(completed)],
    failed > 0 ? ["failed", count(failed), "bad"] : ["failed", count(failed)],
  ];
}

function notes(status: QueueStatus): readonly string[] {
  const found: string[] = [];
  if (status.overCapacity > 0) found.push(`${count(status.overCapacity)} over capacity`);
  if (status.level !== "open" && status.retryAfterMs > 0) {
    found.push(`refused producers are told to come back in ${duration(status.retryAfterMs)}`);
  }
  if (status.disagreement !== null) found.push(`processes disagree: ${status.disagreement}`);
  return found;
}
