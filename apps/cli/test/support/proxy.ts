import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { onTestFinished } from "vitest";

export interface ProxyOptions {
  /** Every answer comes this much later (ms). */
  readonly delayMs?: number;
  /** Replaces a text in the answers by one of the same length. */
  readonly replace?: readonly [string, string];
}

export interface Proxy {
  readonly url: string;
  /** From now on no answer comes through. */
  hold(): void;
  release(): void;
}

/** A TCP proxy in front of Redis that makes it look as a test needs it. */
export async function proxyTo(url: string, { delayMs = 0, replace }: ProxyOptions): Promise<Proxy> {
  const { hostname, port } = new URL(url);
  const sockets = new Set<Socket>();
  const servers = new Set<Socket>();
  let held = false;
  const server = createServer((client) => {
    const redis = connect(Number(port || 6379), hostname);
    servers.add(redis);
    if (held) redis.pause();
    for (const socket of [client, redis]) {
      sockets.add(socket);
      socket.on("error", () => undefined);
      socket.on("close", () => {
        client.destroy();
        redis.destroy();
      });
    }
    client.pipe(redis);
    redis.on("data", (chunk: Buffer) => {
      const text = chunk.toString("latin1");
      const answer = replace === undefined ? text : text.replaceAll(replace[0], replace[1]);
      setTimeout(() => client.write(answer, "latin1"), delayMs);
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return {
    url: `redis://127.0.0.1:${address.port}`,
    hold: () => {
      held = true;
      for (const socket of servers) socket.pause();
    },
    release: () => {
      held = false;
      for (const socket of servers) socket.resume();
    },
  };
}
