import { createRequire } from "node:module";
import { type Child, ChildCommand, ChildPool, ParentCommand } from "bullmq";

interface Message {
  readonly requestId?: string;
  readonly cmd: number;
  readonly value?: unknown;
  readonly err?: { readonly message?: string };
}

/** What may come from a run while it runs, and how it is ended before its time. */
export interface SandboxRun {
  readonly log: (line: string) => Promise<void>;
  readonly progress: (value: number | object) => Promise<void>;
  /** What it is told of the jobs that ended before it. */
  readonly children: () => Promise<unknown>;
  readonly signal: AbortSignal;
  /** How long it has after its signal until its process is killed (ms). */
  readonly graceMs: number;
  /** From its start until its process is killed (ms); null: as long as it likes. */
  readonly timeoutMs: number | null;
}

/** A process that has not loaded its processor by then (ms) will not. */
const START_MS = 30_000;

/** Its process ended before the run did. */
export class SandboxDied extends Error {
  override readonly name = "SandboxDied";
}

/** It took longer than it may, and was killed. */
export class SandboxLate extends Error {
  override readonly name = "SandboxLate";
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
    const child = await this.#retain();
    this.#busy.add(child);
    try {
      return await converse(child, task, run);
    } finally {
      this.#busy.delete(child);
      // Also one that is being killed: it must not be given the next job.
      if (child.hasProcessExited() || child.killed) this.#pool.remove(child);
      else this.#pool.release(child);
    }
  }

  /** BullMQ waits for ever for a child that ends before it is ready, because it hears of no end after the exit. */
  async #retain(): Promise<Child> {
    const retaining = this.#pool.retain(this.#module);
    let late: NodeJS.Timeout | undefined;
    const never = new Promise<never>((_, reject) => {
      late = setTimeout(() => reject(new SandboxDied(`not ready after ${START_MS} ms`)), START_MS);
    });
    try {
      return await Promise.race([retaining, never]);
    } finally {
      clearTimeout(late);
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
  let late: NodeJS.Timeout | undefined;
  const onAbort = (): void => {
    const { reason } = run.signal;
    child
      .send({ cmd: ChildCommand.Cancel, value: reason instanceof Error ? reason.message : "aborted" })
      .catch(() => undefined);
    grace = setTimeout(() => void child.kill("SIGKILL"), run.graceMs);
  };
  let stopListening = (): void => undefined;
  try {
    return await new Promise((resolve, reject) => {
      if (run.timeoutMs !== null) {
        late = setTimeout(() => {
          reject(new SandboxLate());
          void child.kill("SIGKILL");
        }, run.timeoutMs);
      }
      const onExit = (code: number | null, signal: string | null): void =>
        reject(new SandboxDied(signal === null ? `code ${code}` : signal));
      const onMessage = ({ requestId, cmd, value, err }: Message): void => {
        if (cmd === ParentCommand.Completed) resolve(value);
        // Anything but an exception that nobody caught comes back as a result.
        if (cmd === ParentCommand.Failed || cmd === ParentCommand.Error) {
          reject(new SandboxDied((value as { message?: string } | undefined)?.message ?? err?.message ?? "failed"));
        }
        if (cmd === ParentCommand.Log) run.log(String(value)).catch(reject);
        if (cmd === ParentCommand.Progress) run.progress(value as number | object).catch(reject);
        if (cmd === ParentCommand.GetChildrenValues) {
          run
            .children()
            .then((found) => child.send({ requestId, cmd: ChildCommand.GetChildrenValuesResponse, value: found }))
            .catch(reject);
        }
      };
      child.on("exit", onExit);
      child.on("message", onMessage);
      stopListening = () => {
        child.off("exit", onExit);
        child.off("message", onMessage);
      };
      child.send({ cmd: ChildCommand.Start, job: { data: JSON.stringify(task), opts: {} }, token: "" }).catch(reject);
      if (run.signal.aborted) onAbort();
      else run.signal.addEventListener("abort", onAbort, { once: true });
    });
  } finally {
    stopListening();
    run.signal.removeEventListener("abort", onAbort);
    clearTimeout(grace);
    clearTimeout(late);
  }
}
