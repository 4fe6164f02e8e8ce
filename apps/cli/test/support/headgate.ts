import { type ChildProcess, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { onTestFinished } from "vitest";

/** The real command as a process, as it is built: what the tests check is what a user runs. */

const command = fileURLToPath(new URL("../../dist/main.js", import.meta.url));
const fixtures = fileURLToPath(new URL("../fixtures", import.meta.url));

/** Nothing the command does here takes longer; a hang is a failure, not a stuck suite. */
const DEADLINE_MS = 25_000;

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  /** Written to standard input, which is then closed. */
  readonly input?: string;
  readonly cwd?: string;
  /** Killed when it has not ended by then; default 25 s. */
  readonly deadlineMs?: number;
  readonly environment?: Readonly<Record<string, string | undefined>>;
}

export interface Running {
  readonly process: ChildProcess;
  /** Resolves with the first line of that stream that fits (or the n-th), also one that was already there. */
  line(stream: "stdout" | "stderr", fits: RegExp, nth?: number): Promise<string>;
  /** What it wrote on stderr so far. */
  seen(): string;
  readonly ended: Promise<Ended>;
}

/** A namespace of its own for one test, so that tests run side by side on one Redis. */
export function ownNamespace(): string {
  return `hg-cli-${randomUUID()}`;
}

export const fixture = (name: string): string => `${fixtures}/${name}`;

export async function headgate(args: readonly string[], options: RunOptions = {}): Promise<Ended> {
  return startHeadgate(args, options).ended;
}

export function startHeadgate(args: readonly string[], options: RunOptions = {}): Running {
  if (!existsSync(command)) throw new Error(`${command} is not built: run the build first`);
  const child = spawn(process.execPath, [command, ...args], {
    cwd: options.cwd ?? fixtures,
    env: { ...process.env, NO_COLOR: undefined, FORCE_COLOR: undefined, ...options.environment },
    stdio: ["pipe", "pipe", "pipe"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  child.stdin.on("error", () => undefined);
  if (options.input !== undefined) child.stdin.end(options.input);

  const seen = { stdout: "", stderr: "" };
  const lines = { stdout: [] as string[], stderr: [] as string[] };
  const waiting = new Set<() => void>();
  for (const name of ["stdout", "stderr"] as const) {
    child[name].setEncoding("utf8").on("data", (chunk: string) => {
      seen[name] += chunk;
    });
    createInterface({ input: child[name] }).on("line", (line) => {
      lines[name].push(line);
      for (const look of waiting) look();
    });
  }

  const ended = new Promise<Ended>((resolve, reject) => {
    const deadlineMs = options.deadlineMs ?? DEADLINE_MS;
    const deadline = setTimeout(() => {
      child.kill("SIGKILL");
      reject(new Error(`headgate ${args.join(" ")} did not end in ${deadlineMs} ms\n${seen.stdout}\n${seen.stderr}`));
    }, deadlineMs);
    child.on("error", reject);
    child.on("close", (code) => {
      clearTimeout(deadline);
      resolve({ code, ...seen });
    });
  });
  // Whoever needs the end awaits it; a test that failed before must not add an unhandled rejection.
  ended.catch(() => undefined);

  return {
    process: child,
    ended,
    seen: () => seen.stderr,
    line: (stream, fits, nth = 1) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          const found = lines[stream].filter((line) => fits.test(line))[nth - 1];
          if (found === undefined) return;
          waiting.delete(look);
          resolve(found);
        };
        waiting.add(look);
        void ended.then(
          (end) => reject(new Error(`ended with ${end.code} before ${fits}\n${end.stdout}\n${end.stderr}`)),
          reject,
        );
        look();
      }),
  };
}
