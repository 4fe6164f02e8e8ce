import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";

/** A way to Redis that can swallow what is sent, without a word to either end. */
export interface Swallower {
  readonly url: string;
  swallow(): void;
  /** Who connects from now on is heard; what has been swallowed stays so. */
  restore(): void;
  close(): void;
}

export async function swallower(port: number): Promise<Swallower> {
  let swallows = false;
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const redis = connect(port, "127.0.0.1");
    let isLost = false;
    const pass = (from: Socket, to: Socket): void => {
      sockets.add(from);
      from
        .on("data", (chunk) => {
          isLost ||= swallows;
          if (!isLost) to.write(chunk);
        })
        .on("error", () => undefined)
        .on("close", () => {
          sockets.delete(from);
          if (!isLost) to.destroy();
        });
    };
    pass(client, redis);
    pass(redis, client);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `redis://127.0.0.1:${(server.address() as AddressInfo).port}`,
    swallow: () => {
      swallows = true;
    },
    restore: () => {
      swallows = false;
    },
    close: () => {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}
