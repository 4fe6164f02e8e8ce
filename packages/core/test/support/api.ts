import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";

export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** How long the call takes. */
  readonly afterMs?: number;
}

export interface Call {
  readonly body: string;
  /** Epoch ms. */
  readonly at: number;
}

/** A real HTTP API on loopback; it is the judge of what reached it, when, and how much at once. */
export interface Api {
  readonly url: string;
  readonly calls: readonly Call[];
  readonly mostParallel: number;
  /** What is answered from now on. */
  answer(decide: (call: Call) => Answer): void;
  close(): Promise<void>;
}

export async function startApi(): Promise<Api> {
  const calls: Call[] = [];
  let decide: (call: Call) => Answer = () => ({ status: 200 });
  let parallel = 0;
  let mostParallel = 0;

  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    parallel++;
    mostParallel = Math.max(mostParallel, parallel);
    const call = { body: await text(request), at: Date.now() };
    calls.push(call);
    const { status, headers = {}, body = "", afterMs = 0 } = decide(call);
    setTimeout(() => {
      parallel--;
      response.writeHead(status, headers).end(body);
    }, afterMs);
  };
  const server = createServer((request, response) => {
    serve(request, response).catch(() => response.destroy());
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/`,
    calls,
    get mostParallel() {
      return mostParallel;
    },
    answer: (next) => {
      decide = next;
    },
    close: async () => {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
