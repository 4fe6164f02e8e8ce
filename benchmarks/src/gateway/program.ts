import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

export interface GatewayProgram {
  readonly url: string;
  /** Resident set size (bytes). */
  rss(): Promise<number>;
  stop(): Promise<void>;
}

/** As it is built, also when a test runs this from its source. */
const program = fileURLToPath(new URL("../../dist/gateway/server.js", import.meta.url));

export async function startGateway(connection: string, namespace: string, token: string): Promise<GatewayProgram> {
  // Without what a test runner adds: its condition would load TypeScript.
  const child = fork(program, [connection, namespace, token], { execArgv: [] });
  const ended = once(child, "exit");
  const answer = async (): Promise<{ readonly url?: string; readonly rss?: number }> =>
    (await Promise.race([
      once(child, "message").then(([message]) => message),
      ended.then(() => Promise.reject(new Error("the gateway ended"))),
    ])) as { readonly url?: string; readonly rss?: number };
  const { url = "" } = await answer();
  return {
    url,
    rss: async () => {
      child.send("rss");
      return (await answer()).rss ?? 0;
    },
    stop: async () => {
      child.disconnect();
      await ended;
    },
  };
}
