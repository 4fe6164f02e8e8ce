import { createBullBoard } from "@bull-board/api";
import { BullMQAdapter } from "@bull-board/api/bullMQAdapter";
import { HonoAdapter } from "@bull-board/hono";
import { serveStatic } from "@hono/node-server/serve-static";
import { Queue as BullQueue } from "bullmq";
import type { Connection } from "headgate/control";
import { closeClient, openClient } from "headgate/internal";
import type { Hono } from "hono";
import type { BoardQueue } from "./board.ts";

/** Where Bull Board lives below the board's own pages. */
export const BULL_BOARD_PATH = "/queues";

export interface BullBoard {
  readonly routes: Hono;
  close(): Promise<void>;
}

/**
 * Bull Board reads BullMQ's own structures, so it gets plain BullMQ queues of the same name and prefix.
 * Headgate's keys stand under the same prefix but are no queues, and Bull Board never sees them.
 */
export function createBullBoardRoutes(
  queues: readonly BoardQueue[],
  connection: Connection,
  readOnly: boolean,
  onError: (error: unknown) => void,
): BullBoard {
  // One connection for all of them, of whatever kind: BullMQ itself knows no sentinels or cluster by URL.
  const client = openClient(connection);
  client.on("error", onError);
  const bullQueues = queues.map((queue) => {
    const bull = new BullQueue(queue.bullmq.name, { prefix: queue.bullmq.prefix, connection: client as never });
    bull.on("error", onError);
    return bull;
  });
  const server = new HonoAdapter(serveStatic);
  server.setBasePath(BULL_BOARD_PATH);
  createBullBoard({
    queues: bullQueues.map((queue) => new BullMQAdapter(queue, { readOnlyMode: readOnly })),
    serverAdapter: server,
    options: { uiConfig: { boardTitle: "Headgate", miscLinks: [{ text: "Pressure", url: "/" }] } },
  });
  return {
    routes: server.registerPlugin(),
    close: async () => {
      await Promise.allSettled(bullQueues.map((queue) => queue.close()));
      await closeClient(client);
    },
  };
}
