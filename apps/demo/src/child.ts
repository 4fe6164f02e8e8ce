import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { extname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { STOP } from "./messages.ts";

/** From being told to end to being killed (ms). */
const PATIENCE_MS = 5_000;
const MOST_STDERR = 8_000;

export type Module = "api" | "producer" | "worker";
export type Settings = Readonly<Record<string, string>>;

/** A process of the demo, and everything that it says. */
export class Child<Says extends { readonly type: string }> {
  readonly name: string;
  readonly #process: ChildProcess;
  #ending = false;
  #stderr = "";

  constructor(name: string, module: Module, settings: Settings, onCrash: (error: Error) => void) {
    this.name = name;
    const file = fileURLToPath(new URL(`./${module}${extname(import.meta.url)}`, import.meta.url));
    this.#process = fork(file, { env: { ...process.env, ...settings }, stdio: ["ignore", "ignore", "pipe", "ipc"] });
    this.#process.stderr?.setEncoding("utf8").on("data", (text: string) => {
      this.#stderr = (this.#stderr + text).slice(-MOST_STDERR);
    });
    this.#process.once("error", onCrash);
    // "close", not "exit": its last words have been read then.
    this.#process.once("close", (code: number | null, signal: NodeJS.Signals | null) => {
      if (!this.#ending && code !== 0) onCrash(this.#crash(code, signal));
    });
  }

  get pid(): number | undefined {
    return this.#process.pid;
  }

  /** Whenever it says something of this type. */
  on<Type extends Says["type"]>(type: Type, listener: (says: Extract<Says, { type: Type }>) => void): void {
    this.#process.on("message", (message) => {
      const says = message as Says;
      if (says.type === type) listener(says as Extract<Says, { type: Type }>);
    });
  }

  /** The next time it does. */
  next<Type extends Says["type"]>(type: Type): Promise<Extract<Says, { type: Type }>> {
    return new Promise((resolve) => this.on(type, resolve));
  }

  tellToStop(): void {
    if (this.#process.connected) this.#process.send(STOP);
  }

  /** Ends it, by its pid: SIGTERM, and SIGKILL when that is not heard. Does nothing to a process that has ended. */
  async end(): Promise<void> {
    this.#ending = true;
    if (this.#hasExited()) return;
    const exited = once(this.#process, "exit");
    this.#process.kill("SIGTERM");
    const patience = new AbortController();
    const gaveUp = sleep(PATIENCE_MS, "gave up" as const, { signal: patience.signal }).catch(() => "ended" as const);
    if ((await Promise.race([exited, gaveUp])) === "gave up") this.#process.kill("SIGKILL");
    patience.abort();
    await exited;
  }

  #crash(code: number | null, signal: NodeJS.Signals | null): Error {
    const how = signal === null ? `with code ${code}` : `by ${signal}`;
    return new Error(`${this.name} (pid ${this.pid}) ended ${how}\n${this.#stderr.trim()}`);
  }

  #hasExited(): boolean {
    return this.#process.exitCode !== null || this.#process.signalCode !== null;
  }
}
