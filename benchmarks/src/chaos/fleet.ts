import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync } from "node:fs";
import { setTimeout as after } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { mostTroubleInASecond } from "./troubles.ts";

const LOOK_MS = 20;
const START_MS = 60_000;

const fromRoot = (path: string): string => fileURLToPath(new URL(`../../../${path}`, import.meta.url));

export interface FleetOrders {
  readonly redis: string;
  readonly namespace: string;
  readonly processes: number;
  readonly api?: string;
  /** Default true. */
  readonly limited?: boolean;
  /** Which of the config; default calls. */
  readonly queue?: string;
  /** More for its environment. */
  readonly environment?: Readonly<Record<string, string>>;
}

/** `headgate worker` as it is built, in processes of its own. */
export class ChaosFleet {
  readonly #process: ChildProcess;
  readonly ended: Promise<number | null>;
  log = "";

  readonly #queue: string;

  constructor({ redis, namespace, processes, api, limited = true, queue = "calls", environment = {} }: FleetOrders) {
    this.#queue = queue;
    const config = fromRoot("benchmarks/src/chaos/chaos.config.ts");
    const args = ["worker", queue, "--config", config, "--port", "0", "--processes", String(processes), "--quiet"];
    this.#process = spawn(process.execPath, [fromRoot("apps/cli/dist/main.js"), ...args], {
      env: {
        ...process.env,
        REDIS_URL: redis,
        CHAOS_NAMESPACE: namespace,
        ...(api ? { CHAOS_API: api } : {}),
        ...(limited ? {} : { CHAOS_UNLIMITED: "1" }),
        ...environment,
      },
      stdio: ["ignore", "inherit", "pipe"],
    });
    this.#process.stderr?.setEncoding("utf8").on("data", (text: string) => {
      this.log += text;
    });
    this.ended = once(this.#process, "exit").then(([code]) => code as number | null);
  }

  get url(): string {
    return / listening url=(\S+)/.exec(this.log)?.[1] ?? "";
  }

  /** Processes that have started and not died, newest last. */
  get pids(): number[] {
    const started = Array.from(this.log.matchAll(new RegExp(` starting ${this.#queue} .*pid=(\\d+)`, "g")), ([, pid]) =>
      Number(pid),
    );
    return started.filter((pid) => !new RegExp(` died .*pid=${pid} `).test(this.log) && isRunning(pid));
  }

  /** Lines of trouble of one kind in any second, at most. */
  get mostTrouble(): number {
    return mostTroubleInASecond(this.log);
  }

  count(pattern: RegExp): number {
    return this.log.match(pattern)?.length ?? 0;
  }

  signal(name: NodeJS.Signals): void {
    this.#process.kill(name);
  }

  async ready(): Promise<void> {
    await until(async () => this.url !== "" && (await this.readiness()) === 200, START_MS);
    await until(() => this.count(/ ready /g) >= this.pids.length, START_MS);
  }

  async readiness(): Promise<number> {
    return (await fetch(`${this.url}/readyz`)).status;
  }

  /** Ends it, whatever state it is in. */
  async stop(): Promise<number | null> {
    this.signal("SIGTERM");
    const code = await Promise.race([this.ended, after(30_000, undefined, { ref: false })]);
    if (code === undefined) this.signal("SIGKILL");
    return this.ended;
  }
}

export const openFiles = (pid: number): number => readdirSync(`/proc/${pid}/fd`).length;

function isRunning(pid: number): boolean {
  try {
    return readdirSync(`/proc/${pid}/fd`).length > 0;
  } catch {
    return false;
  }
}

/** Answers how long it took (ms). */
export async function until(fits: () => Promise<boolean> | boolean, timeoutMs = 120_000): Promise<number> {
  const from = performance.now();
  while (!(await Promise.resolve(fits()).catch(() => false))) {
    if (performance.now() - from > timeoutMs) throw new Error(`it did not happen in ${timeoutMs} ms: ${fits}`);
    await after(LOOK_MS);
  }
  return performance.now() - from;
}
