import { createRequire } from "node:module";
import { type Child, ChildPool } from "bullmq";

/** BullMQ's ChildCommand and ParentCommand, as far as they are spoken here; a contract test holds them against BullMQ's. */
export const spoken = { start: 1, cancel: 7, completed: 0, error: 1, failed: 2, log: 5, progress: 8 } as const;

interface Message {
  readonly cmd: number;
  readonly value?: unknown;
  readonly err?: { readonly message?: string };
}

/** What may come from a run while it runs, and how it is ended before its time. */
export interface SandboxRun {
  readonly log: (line: string) => Promise<void>;
  readonly progress: (value: number | object) => Promise<void>;
  readonly signal: AbortSignal;
  /** How long it has after its signal until its process is killed (ms). */
  readonly graceMs: (reason: unknown) => number;
}

/** Its process ended before the run did. */
export class SandboxDied extends Error {
  override readonly name = "SandboxDied";
}

const mainFile = createRequire(import.meta.url).resolve("bullmq/dist/cjs/classes/main.js");

/** Processes that each run one job at a time, kept for the next; BullMQ's own pool and its own protocol. */
export class SandboxPool {
  readonly #pool: ChildPool;
  readonly #module: string;
  readonly #busy = new Set<Child>();

  /** @param module what BullMQ's child imports, as a URL */
  constructor(module: string, execArgv: readonly string[]) {
    this.#module = module;
    this.#pool = new ChildPool({ mainFile, workerForkOptions: { execArgv: [...execArgv], serialization: "json" } });
  }

  async run(task: object, run: SandboxRun): Promise<unknown> {
    const child = await this.#pool.retain(this.#module);
    this.#busy.add(child);
    try {
      return await converse(child, task, run);
    } finally {
      this.#busy.delete(child);
      if (child.hasProcessExited()) this.#pool.remove(child);
      else this.#pool.release(child);
    }
  }

  /** What still runs is killed; what waits for work ends. */
  async close(): Promise<void> {
    await Promise.all(Array.from(this.#busy, (child) => this.#pool.kill(child, "SIGKILL")));
    await this.#pool.clean();
  }
}

async function converse(child: Child, task: object, run: SandboxRun): Promise<unknown> {
  let grace: NodeJS.Timeout | undefined;
  const onAbort = (): void => {
    const { reason } = run.signal;
    child
      .send({ cmd: spoken.cancel, value: reason instanceof Error ? reason.message : "aborted" })
      .catch(() => undefined);
    grace = setTimeout(() => void child.kill("SIGKILL"), run.graceMs(reason));
  };
  let stopListening = (): void => undefined;
  try {
    return await new Promise((resolve, reject) => {
      const onExit = (code: number | null, signal: string | null): void =>
        reject(new SandboxDied(signal === null ? `code ${code}` : signal));
      const onMessage = ({ cmd, value, err }: Message): void => {
        if (cmd === spoken.completed) resolve(value);
        // Anything but an exception that nobody caught comes back as a result.
        if (cmd === spoken.failed || cmd === spoken.error) {
          reject(new SandboxDied((value as { message?: string } | undefined)?.message ?? err?.message ?? "failed"));
        }
        if (cmd === spoken.log) run.log(String(value)).catch(reject);
        if (cmd === spoken.progress) run.progress(value as number | object).catch(reject);
      };
      child.on("exit", onExit);
      child.on("message", onMessage);
      stopListening = () => {
        child.off("exit", onExit);
        child.off("message", onMessage);
      };
      child.send({ cmd: spoken.start, job: { data: JSON.stringify(task), opts: {} }, token: "" }).catch(reject);
      if (run.signal.aborted) onAbort();
      else run.signal.addEventListener("abort", onAbort, { once: true });
    });
  } finally {
    stopListening();
    run.signal.removeEventListener("abort", onAbort);
    clearTimeout(grace);
  }
}
