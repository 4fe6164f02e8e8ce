import cluster, { type Worker } from "node:cluster";
import type { Pulse } from "headgate/worker";
import { isTold, type Order, type Told } from "./messages.ts";
import { QUICK_MS } from "./restart-policy.ts";
import type { ServedQueue } from "./served.ts";

export interface Ended {
  readonly code: number | null;
  readonly signal: string | null;
}

/** One process of the fleet, seen by its supervisor. */
export class MemberProcess {
  readonly slot: number;
  readonly startedAt: number = Date.now();
  readonly ended: Promise<Ended>;
  /** Resolves with false when it ends before it is ready. */
  readonly ready: Promise<boolean>;
  pulses: readonly Pulse[] = [];
  heardAt: number = Date.now();
  /** What it runs, as it has read the config. */
  serves: readonly ServedQueue[] | null = null;
  /** It was told to go: its end is no crash. */
  leaving = false;
  /** It is to replace another that still runs: its end before it is ready is no crash of the fleet. */
  candidate: boolean;
  #isReady = false;
  readonly #worker: Worker;

  constructor(slot: number, candidate: boolean, hear: (member: MemberProcess, told: Told) => void) {
    this.slot = slot;
    this.candidate = candidate;
    this.#worker = cluster.fork();
    this.ended = new Promise((resolve) => {
      this.#worker.on("exit", (code: number | null, signal: string | null) => resolve({ code, signal }));
    });
    this.ready = new Promise((resolve) => {
      void this.ended.then(() => resolve(false));
      this.#worker.on("message", (message: unknown) => {
        if (!isTold(message)) return;
        this.heardAt = Date.now();
        if (message.told === "beat") this.pulses = message.pulses;
        if (message.told === "serves") this.serves = message.queues;
        if (message.told === "ready") {
          this.#isReady = true;
          resolve(true);
        }
        hear(this, message);
      });
    });
    // A process that cannot be started, or to which nothing can be sent any more: its exit says all there is to say.
    this.#worker.on("error", () => undefined);
  }

  get id(): number {
    return this.#worker.id;
  }

  get pid(): number {
    return this.#worker.process.pid ?? 0;
  }

  get takesJobs(): boolean {
    return this.#isReady && !this.leaving;
  }

  /** … and has for a while. */
  get well(): boolean {
    return this.takesJobs && Date.now() - this.startedAt >= QUICK_MS;
  }

  give(order: Order): void {
    if (this.#worker.isConnected()) this.#worker.send(order);
  }

  /**
   * One that has not said what it serves holds no job, and does not hear yet: an order to drain would be lost, and it would be
   * waited for until it is killed.
   * @param signal what its supervisor was told by
   */
  drain(signal: string): void {
    this.leaving = true;
    if (this.serves === null) this.kill();
    else this.give({ order: "drain", signal });
  }

  kill(): void {
    this.leaving = true;
    this.#worker.process.kill("SIGKILL");
  }
}
