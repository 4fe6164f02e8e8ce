import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { onTestFinished } from "vitest";

const command = fileURLToPath(new URL("../../dist/main.js", import.meta.url));
const fixtures = fileURLToPath(new URL("../fixtures", import.meta.url));

export interface Terminal {
  /** Everything that was written to it so far, control sequences included. */
  readonly screen: () => string;
  /** Types it; "\u0003" is Ctrl-C. */
  type(keys: string): void;
  readonly ended: Promise<number | null>;
}

/** The built command on a pseudo terminal: `script` of util-linux, which every Debian has, makes one. */
export function onTerminal(args: readonly string[], environment: Readonly<Record<string, string>>): Terminal {
  const line = ["stty", "cols", "120", "rows", "40;", "exec", process.execPath, command, ...args].join(" ");
  const child = spawn("script", ["-qefc", line, "/dev/null"], {
    cwd: fixtures,
    env: {
      ...process.env,
      NO_COLOR: undefined,
      FORCE_COLOR: undefined,
      CI: undefined,
      TERM: "xterm-256color",
      ...environment,
    },
    stdio: ["pipe", "pipe", "inherit"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  let seen = "";
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
    seen += chunk;
  });
  return {
    screen: () => seen,
    type: (keys) => void child.stdin.write(keys),
    ended: new Promise((resolve, reject) => {
      child.on("error", reject);
      child.on("close", resolve);
    }),
  };
}
