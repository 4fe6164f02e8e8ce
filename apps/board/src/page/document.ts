import { html, raw } from "hono/html";
import type { BoardQueue } from "../board.ts";
import { BULL_BOARD_PATH } from "../bull-board.ts";
import type { Snapshot } from "../snapshot.ts";
import { pressureBlocks } from "./blocks.ts";
import type { Markup } from "./markup.ts";
import { refreshScript } from "./refresh-script.ts";
import { style } from "./style.ts";

export interface PressurePage {
  readonly nonce: string;
  readonly readOnly: boolean;
  readonly queues: readonly BoardQueue[];
  readonly snapshot?: Snapshot;
  /** Why there is no snapshot. */
  readonly problem?: string;
}

export function pressurePage({ nonce, readOnly, queues, snapshot, problem }: PressurePage): Markup {
  return html`<!doctype html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <meta name="color-scheme" content="light dark">
  <meta name="robots" content="noindex">
  <title>Headgate: pressure</title>
  <link rel="icon" href="data:,">
  <style nonce="${nonce}">${raw(style)}</style>
</head>
<body>
  <header>
    <h1>Headgate</h1>
    <nav><a href="${BULL_BOARD_PATH}">Jobs in Bull Board</a>${readOnly ? html`<span class="badge plain">read only</span>` : ""}</nav>
  </header>
  <p id="notice" role="status"${problem === undefined ? " hidden" : ""}>${problem ?? ""}</p>
  <main>${snapshot === undefined ? "" : pressureBlocks(snapshot, queues)}</main>
  <script nonce="${nonce}">${raw(refreshScript)}</script>
</body>
</html>`;
}
