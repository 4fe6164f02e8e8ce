import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { onTestFinished } from "vitest";
import type { Command, Orders, Report } from "./programs/protocol.ts";

type Named<Event extends Report["event"]> = Extract<Report, { event: Event }>;

const DEADLINE_MS = 15_000;

/** A worker or a producer in a process of its own, which runs what the build made: what a user runs. */
export class Program {
  readonly #child: ChildProcess;
  readonly #ended: Promise<unknown>;
  readonly #reports: Report[] = [];
  readonly #looking = new Set<() => void>();
  #stderr = "";

  private constructor(file: string, orders: Orders) {
    // Not with vitest's own flags: its conditions point at sources.
    this.#child = fork(file, [JSON.stringify(orders)], { execArgv: [], stdio: ["ignore", "ignore", "pipe", "ipc"] });
    this.#ended = once(this.#child, "exit").then(() => this.#look());
    this.#child.on("message", (report: Report) => {
      this.#reports.push(report);
      this.#look();
    });
    this.#child.stderr?.on("data", (text: Buffer) => {
      this.#stderr += text.toString();
    });
    onTestFinished(() => this.kill());
  }

  static async start(name: "worker" | "producer", orders: Orders): Promise<Program> {
    const file = fileURLToPath(new URL(`programs/dist/${name}.js`, import.meta.url));
    if (!existsSync(file)) throw new Error(`${file} is not built: run the tests with \`npm test\`, which builds first`);
    const program = new Program(file, orders);
    await program.next("ready");
    return program;
  }

  /** Everything of that kind that it has reported so far. */
  all<Event extends Report["event"]>(event: Event): Named<Event>[] {
    return this.#reports.filter((report): report is Named<Event> => report.event === event);
  }

  /** The first report of that kind that fits, also one that is there already. Rejects when the process ends or the time is up. */
  async next<Event extends Report["event"]>(
    event: Event,
    fits: (report: Named<Event>) => boolean = () => true,
    withinMs: number = DEADLINE_MS,
  ): Promise<Named<Event>> {
    const deadline = AbortSignal.timeout(withinMs);
    for (;;) {
      const found = this.all(event).find(fits);
      if (found) return found;
      if (this.#over)
        throw new Error(`the process ended (${this.#child.exitCode ?? this.#child.signalCode}): ${this.#stderr}`);
      if (deadline.aborted) throw new Error(`no "${event}" within ${withinMs} ms; ${this.#stderr}`);
      await this.#change(deadline);
    }
  }

  tell(command: Command): void {
    this.#child.send(command);
  }

  /** Gracefully: fails when the process does not end by itself, because something in it was not closed. */
  async close(): Promise<void> {
    this.tell({ do: "close" });
    const late = setTimeout(() => this.#child.kill("SIGKILL"), DEADLINE_MS);
    await this.#ended;
    clearTimeout(late);
    if (this.#child.exitCode !== 0) {
      throw new Error(`ended with ${this.#child.exitCode ?? this.#child.signalCode}: ${this.#stderr}`);
    }
  }

  /** As the kernel does it: no handler runs. */
  async kill(): Promise<void> {
    if (this.#over) return;
    this.#child.kill("SIGKILL");
    await this.#ended;
  }

  get #over(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  #look(): void {
    for (const look of [...this.#looking]) look();
  }

  #change(deadline: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const look = () => {
        this.#looking.delete(look);
        deadline.removeEventListener("abort", look);
        resolve();
      };
      this.#looking.add(look);
      deadline.addEventListener("abort", look);
    });
  }
}
