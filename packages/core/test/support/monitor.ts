import { connect } from "node:net";

/** MONITOR writes each argument in quotes, with C escapes; those that tests look for have none but these. */
const ARGUMENT = /"((?:[^"\\]|\\.)*)"/g;
const plain = (quoted: string): string => quoted.replaceAll(/\\(["\\])/g, "$1");

/**
 * Calls back with the arguments of every command that the server gets, from when this resolves; the function it gives ends that. A
 * socket of our own: ioredis takes a command that another client sends with the first answer for a reply, and breaks.
 */
export async function monitor(
  url: string,
  onCommand: (args: readonly string[], byScript: boolean) => void,
): Promise<() => Promise<void>> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port || 6379), hostname);
  let rest = "";
  await new Promise<void>((resolve, reject) => {
    socket.once("error", reject);
    socket.setEncoding("utf8").on("data", (chunk: string) => {
      const lines = (rest + chunk).split("\r\n");
      rest = lines.pop() ?? "";
      for (const line of lines) {
        if (line === "+OK") resolve();
        else
          onCommand(
            [...line.matchAll(ARGUMENT)].map(([, quoted = ""]) => plain(quoted)),
            /^\S+ \[\d+ lua\]/.test(line),
          );
      }
    });
    socket.write("MONITOR\r\n");
  });
  return () => new Promise<void>((resolve) => void socket.once("close", () => resolve()).destroy());
}
