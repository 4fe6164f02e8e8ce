import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import type { Fixture } from "./fixtures.ts";

export interface Loopback extends AsyncDisposable {
  readonly url: string;
}

export async function listen(listener: RequestListener): Promise<Loopback> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

export interface Replay extends Loopback {
  /** The requests that came in. */
  readonly requests: string[];
}

/** Answers whatever it is asked with what was recorded. */
export async function replay({ answer }: Fixture): Promise<Replay> {
  const requests: string[] = [];
  const server = await listen((request, response) => {
    requests.push(`${request.method} ${request.url}`);
    request.resume();
    response.writeHead(answer.status, answer.headers).end(JSON.stringify(answer.body));
  });
  return { ...server, requests, [Symbol.asyncDispose]: server[Symbol.asyncDispose] };
}
