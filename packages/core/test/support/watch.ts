import { once } from "node:events";
import { connect } from "node:net";

export interface Watch {
  /** Commands that named the keys, so far; what a script does inside is not counted. */
  readonly count: () => number;
  close(): Promise<void>;
}

/**
 * Counts the commands that name some keys, as Redis sees them: other tests use the server, too. A plain socket, because
 * ioredis' monitor fails when a client connects at the very moment ("Command queue state error").
 */
export async function watchCommands(url: string, part: string): Promise<Watch> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port || 6379), hostname);
  await once(socket, "connect");
  socket.setEncoding("utf8").write("MONITOR\r\n");
  let rest = "";
  let count = 0;
  const watching = once(socket, "data");
  socket.on("data", (text: string) => {
    const lines = (rest + text).split("\r\n");
    rest = lines.pop() ?? "";
    for (const line of lines) if (line.includes(part) && !/^\S+ \[\d+ lua\]/.test(line)) count++;
  });
  await watching;
  return {
    count: () => count,
    close: async () => {
      const closed = once(socket, "close");
      socket.destroy();
      await closed;
    },
  };
}
