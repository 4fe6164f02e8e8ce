import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { getRequestListener } from "@hono/node-server";
import { headgateError, urlOf } from "headgate/internal";

interface RunningServer {
  readonly url: string;
  close(): Promise<void>;
}

type Fetch = (request: Request) => Response | Promise<Response>;

export async function startServer(fetch: Fetch, host: string, port: number): Promise<RunningServer> {
  const server = createServer(getRequestListener(fetch));
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => reject(listenError(error, host, port)));
    server.listen(port, host, resolve);
  });
  const { port: bound } = server.address() as AddressInfo;
  return {
    url: urlOf(host, bound),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        // An open tab refreshes on a kept-alive connection and would hold the stop back.
        server.closeAllConnections();
      }),
  };
}

function listenError(error: NodeJS.ErrnoException, host: string, port: number): Error {
  return headgateError("HG_BOARD_PORT", {
    message: `The board cannot listen on ${host}:${port}.`,
    expected: "a free port on an address of this machine",
    got: error.code ?? error.message,
    fix: "choose another --port (0 takes a free one) or another --host",
    cause: error,
  });
}
