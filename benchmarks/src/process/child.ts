import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

/** From being told to end to being killed (ms). */
const PATIENCE_MS = 5_000;
const MOST_STDERR = 8_000;

interface Answer {
  readonly id: number;
  readonly value?: unknown;
  readonly error?: string;
}

/** A process of a benchmark: asked over IPC, ended by its pid, and it ends by itself when we do. */
export class Child {
  readonly name: string;
  readonly #process: ChildProcess;
  readonly #asked = new Map<
    number,
    { readonly resolve: (value: unknown) => void; readonly reject: (error: Error) => void }
  >();
  readonly #ended: Promise<unknown>;
  #asks = 0;
  #stderr = "";

  /** @param module path below src, without extension: what the build made of it is run, also when a test runs the source */
  constructor(name: string, module: string, orders: unknown) {
    this.name = name;
    const here = import.meta.url.replace(/\/(src|dist)\/process\/child\.[tj]s$/, "");
    const file = fileURLToPath(`${here}/dist/${module}.js`);
    // execArgv: vitest's own flags point at sources.
    this.#process = fork(file, [JSON.stringify(orders)], { execArgv: [], stdio: ["ignore", "ignore", "pipe", "ipc"] });
    const stderr = this.#process.stderr?.setEncoding("utf8").on("data", (text: string) => {
      this.#stderr = (this.#stderr + text).slice(-MOST_STDERR);
    });
    // Its last words have been read then. Not "close": Node 20 never emits it once we have cut the line ourselves.
    this.#ended = Promise.all([once(this.#process, "exit"), stderr && once(stderr, "close")]);
    this.#process.on("message", (answer: Answer) => this.#hear(answer));
    this.#process.on("error", (error) => this.#fail(error));
    this.#ended.then(
      () => {
        const { signalCode, exitCode } = this.#process;
        this.#fail(new Error(`${name} ended (${signalCode ?? `code ${exitCode}`})\n${this.#stderr.trim()}`));
      },
      (error: Error) => this.#fail(error),
    );
  }

  get pid(): number | undefined {
    return this.#process.pid;
  }

  /** What it wrote on stderr so far: nothing, when all is well. */
  get complaints(): string {
    return this.#stderr;
  }

  /** Rejects when it says no, and when it ends. */
  ask<T = void>(what: string, parameter?: unknown): Promise<T> {
    const id = ++this.#asks;
    const answered = new Promise<unknown>((resolve, reject) => this.#asked.set(id, { resolve, reject }));
    if (this.#process.connected) this.#process.send({ id, what, parameter });
    else this.#fail(new Error(`${this.name} has ended\n${this.#stderr.trim()}`));
    return answered as Promise<T>;
  }

  /** Ends it: by itself when its line to us is cut, and by SIGKILL when it does not. */
  async end(): Promise<void> {
    if (this.#process.exitCode === null && this.#process.signalCode === null) {
      if (this.#process.connected) this.#process.disconnect();
      const late = setTimeout(() => this.#process.kill("SIGKILL"), PATIENCE_MS);
      await this.#ended;
      clearTimeout(late);
    }
  }

  #hear({ id, value, error }: Answer): void {
    const asked = this.#asked.get(id);
    this.#asked.delete(id);
    if (error === undefined) asked?.resolve(value);
    else asked?.reject(new Error(`${this.name}: ${error}`));
  }

  #fail(error: Error): void {
    for (const { reject } of this.#asked.values()) reject(error);
    this.#asked.clear();
  }
}
