import { html } from "hono/html";
import type { BoardQueue } from "../board.ts";
import { BULL_BOARD_PATH } from "../bull-board.ts";
import type { Snapshot } from "../snapshot.ts";
import { limiterState } from "./limiter-card.ts";
import type { Markup } from "./markup.ts";
import { queueRow } from "./queue-row.ts";

/**
 * One card per limiter with its queues in it. What changes each second stands in elements with an id and
 * `data-live`; the refresh script replaces the content of those only, so links keep their focus.
 */
export function pressureBlocks(snapshot: Snapshot, queues: readonly BoardQueue[]): Markup {
  const definitions = new Map(queues.map((queue) => [queue.name, queue]));
  return html`${snapshot.limiters.map(
    (limiter) => html`<section class="card">
    <h2>${limiter.limiter} <small>limiter</small></h2>
    <div id="limiter-${limiter.limiter}" data-live>${limiterState(limiter)}</div>
    ${snapshot.queues
      .filter((queue) => queue.limiter === limiter.limiter)
      .map(
        (queue) => html`<article>
        <h3><a href="${BULL_BOARD_PATH}/queue/${encodeURIComponent(queue.queue)}">${queue.queue}</a> <small>queue</small></h3>
        <div id="queue-${queue.queue}" data-live>${queueRow(queue, definitions.get(queue.queue))}</div>
      </article>`,
      )}
  </section>`,
  )}`;
}
