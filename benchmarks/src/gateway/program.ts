import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

/** What the gateway's process has used so far. */
export interface Look {
  /** Resident set size (bytes). */
  readonly rss: number;
  readonly cpuMs: number;
  /** How late its event loop was at the worst: on a busy machine it waits for a core. */
  readonly loopDelayMs: number;
}

export interface GatewayProgram {
  readonly url: string;
  /** `anew`: counting starts now. */
  look(anew?: boolean): Promise<Look>;
  stop(): Promise<void>;
}

/** As it is built, also when a test runs this from its source. */
const program = fileURLToPath(new URL("../../dist/gateway/server.js", import.meta.url));

export async function startGateway(connection: string, namespace: string, token: string): Promise<GatewayProgram> {
  // Without what a test runner adds: its condition would load TypeScript.
  const child = fork(program, [connection, namespace, token], { execArgv: [] });
  const ended = once(child, "exit");
  const answer = async <T>(): Promise<T> =>
    (await Promise.race([
      once(child, "message").then(([message]) => message),
      ended.then(() => Promise.reject(new Error("the gateway ended"))),
    ])) as T;
  const { url } = await answer<{ readonly url: string }>();
  return {
    url,
    look: (anew = false) => {
      child.send(anew ? "look anew" : "look");
      return answer<Look>();
    },
    stop: async () => {
      child.disconnect();
      await ended;
    },
  };
}
