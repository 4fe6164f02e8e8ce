import type { Queue } from "headgate";
import { type Connection, createControl } from "headgate/control";
import { requireProtection } from "./access.ts";
import { boardApp } from "./app.ts";
import { createBullBoardRoutes } from "./bull-board.ts";
import { startServer } from "./server.ts";
import { snapshotReader } from "./snapshot.ts";

/** What `defineQueue` returns. */
export type BoardQueue = Queue;

export interface BoardAuth {
  readonly user: string;
  readonly password: string;
}

export interface BoardOptions {
  readonly queues: readonly BoardQueue[];
  /** Redis URL, ioredis options, or an ioredis client, which is duplicated and never closed. */
  readonly connection: Connection;
  /** Hides and refuses everything that would change a job or a queue. Default false. */
  readonly readOnly?: boolean | undefined;
  /** Basic auth for every page. Needed to listen on anything but loopback. */
  readonly auth?: BoardAuth | undefined;
  /** Called with errors of the background connections. Default: they are dropped, requests still answer 503. */
  readonly onError?: ((error: unknown) => void) | undefined;
}

export interface ListenOptions {
  /** Default 127.0.0.1. */
  readonly host?: string | undefined;
  /** Default 3000; 0 takes a free port. */
  readonly port?: number | undefined;
}

export interface RunningBoard {
  readonly url: string;
  /** Stops the server and the connections. May be called twice. */
  close(): Promise<void>;
}

export interface Board {
  /**
   * Opens the connections and the server.
   * @throws HG_BOARD_UNPROTECTED for a host beyond loopback without `auth`, HG_BOARD_PORT for a port that is taken or not allowed.
   */
  listen(options?: ListenOptions): Promise<RunningBoard>;
}

const DEFAULT_HOST = "127.0.0.1";
const DEFAULT_PORT = 3000;

/** The pressure page at `/`, its numbers at `/api/status`, Bull Board at `/queues`. */
export function createBoard(options: BoardOptions): Board {
  const { queues, connection, auth } = options;
  const readOnly = options.readOnly ?? false;
  const onError = options.onError ?? ((): void => undefined);

  return {
    async listen({ host = DEFAULT_HOST, port = DEFAULT_PORT } = {}) {
      requireProtection(host, auth !== undefined);
      const control = createControl({ connection });
      const bullBoard = createBullBoardRoutes(queues, connection, readOnly, onError);
      const releaseConnections = async (): Promise<void> => {
        await Promise.allSettled([bullBoard.close(), control.close()]);
      };
      const app = boardApp({
        read: snapshotReader(control, queues),
        queues,
        bullBoard: bullBoard.routes,
        auth,
        readOnly,
      });
      try {
        const server = await startServer(app.fetch, host, port);
        let closing: Promise<void> | undefined;
        return {
          url: server.url,
          close: () => {
            closing ??= server.close().finally(releaseConnections);
            return closing;
          },
        };
      } catch (error) {
        await releaseConnections();
        throw error;
      }
    },
  };
}
