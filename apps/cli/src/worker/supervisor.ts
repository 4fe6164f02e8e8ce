import cluster from "node:cluster";
import { ExitCode } from "../exit-code.ts";
import type { EventLog } from "./event-log.ts";
import { type Ended, MemberProcess } from "./member-process.ts";
import type { Told } from "./messages.ts";
import { startGently, workFully } from "./priority.ts";
import { MOST_QUICK_DEATHS, restartAfter } from "./restart-policy.ts";

export interface SupervisorOptions {
  readonly processes: number;
  readonly drainTimeoutMs: number;
  readonly log: EventLog;
  readonly hear: (member: MemberProcess, told: Told) => void;
  readonly gone: (member: MemberProcess) => void;
}

/** What a process may take beyond its drain timeout until it is killed (ms): it aborts, puts back, disconnects. */
const BEYOND_MS = 1_700;

/** The first processes start together (ms). */
const START_MS = 1_000;

/** After these no further start would fare better. */
const hopelessEnds = [
  { code: ExitCode.usage, reason: "its config cannot be used" },
  { code: ExitCode.startRefused, reason: "what refused its start does not pass" },
] as const;

/**
 * Keeps so many processes alive. `running` ⇄ `rolling`, then `draining`, then `over`; a crash loop drains too, and a second demand
 * to stop ends everything at once.
 */
export class Supervisor {
  readonly #options: SupervisorOptions;
  readonly #members = new Set<MemberProcess>();
  readonly #timers = new Set<NodeJS.Timeout>();
  readonly #quickDeaths = new Map<number, number>();
  readonly #over: Promise<ExitCode>;
  readonly #beganAt = Date.now();
  #finish: (code: ExitCode) => void = () => undefined;
  #state: "running" | "rolling" | "draining" | "over" = "running";

  constructor(options: SupervisorOptions) {
    this.#options = options;
    this.#over = new Promise((resolve) => {
      this.#finish = resolve;
    });
  }

  get members(): readonly MemberProcess[] {
    return [...this.#members];
  }

  get draining(): boolean {
    return this.#state === "draining" || this.#state === "over";
  }

  /** Resolves with the exit code when the fleet has ended. */
  run(): Promise<ExitCode> {
    for (let slot = 0; slot < this.#options.processes; slot++) this.#start(slot);
    return this.#over;
  }

  /** Every process finishes its jobs, or puts them back when the drain timeout has passed. */
  async drain(signal: string, code: ExitCode = ExitCode.ok): Promise<void> {
    if (this.draining) return;
    this.#state = "draining";
    for (const timer of this.#timers) clearTimeout(timer);
    const late = await Promise.all(this.members.map((member) => this.#dismiss(member, signal)));
    this.#state = "over";
    this.#finish(late.some(Boolean) ? ExitCode.failure : code);
  }

  /** At once: whatever runs is put back by others when its lock ends. */
  abandon(): void {
    for (const member of this.#members) member.kill();
  }

  /** One process after the other is replaced, each by one that is ready before the old one is told to go. */
  async roll(): Promise<void> {
    if (this.#state !== "running") return;
    this.#state = "rolling";
    const { log } = this.#options;
    log({ event: "rolling", processes: this.#options.processes });
    for (const old of this.members) {
      const fresh = this.#start(old.slot, true);
      const ready = await fresh.ready;
      if (this.draining) return;
      if (!ready) {
        log({ event: "roll-failed", process: old.slot, reason: "the new process ended before it was ready" });
        this.#state = "running";
        return;
      }
      await this.#dismiss(old, "SIGHUP");
    }
    if (this.draining) return;
    this.#state = "running";
    log({ event: "rolled", processes: this.#options.processes });
  }

  /** @param candidate its end before it is ready is no crash of the fleet: the one that it should replace still runs */
  #start(slot: number, candidate = false): MemberProcess {
    const beside = this.#members.size > 0 && this.#beganAt + START_MS < Date.now();
    const member = new MemberProcess(slot, this.#options.hear);
    this.#members.add(member);
    if (beside) startGently(member.pid);
    let replaces = candidate;
    void member.ready.then((ready) => {
      if (ready) replaces = false;
      if (beside) workFully(member.pid);
    });
    void member.ended.then((ended) => {
      this.#members.delete(member);
      this.#options.gone(member);
      if (!member.leaving && !this.draining && !replaces) this.#crashed(member, ended);
    });
    return member;
  }

  #crashed({ slot, pid, startedAt }: MemberProcess, { code, signal }: Ended): void {
    const { log } = this.#options;
    const livedMs = Date.now() - startedAt;
    const { quickDeaths, delayMs } = restartAfter(this.#quickDeaths.get(slot) ?? 0, livedMs);
    this.#quickDeaths.set(slot, quickDeaths);
    const fields = { process: slot, pid, code: code ?? null, signal: signal ?? null, livedMs };
    const hopeless = hopelessEnds.find((end) => end.code === code);
    if (hopeless !== undefined) {
      log({ event: "giving-up", ...fields, reason: hopeless.reason });
      void this.drain("none", hopeless.code);
      return;
    }
    if (delayMs === null) {
      const reason = `${MOST_QUICK_DEATHS} quick deaths in a row`;
      log({ event: "giving-up", error: "HG_CRASH_LOOP", ...fields, reason });
      void this.drain("none", ExitCode.crashLoop);
      return;
    }
    log({ event: "died", ...fields, restartInMs: delayMs });
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      this.#start(slot);
    }, delayMs);
    this.#timers.add(timer);
  }

  /** Answers whether it had to be killed. */
  async #dismiss(member: MemberProcess, signal: string): Promise<boolean> {
    const { drainTimeoutMs, log } = this.#options;
    member.drain(signal);
    let killed = false;
    const timer = setTimeout(() => {
      killed = true;
      log({ event: "killed", process: member.slot, pid: member.pid, reason: "it did not end in time" });
      member.kill();
    }, drainTimeoutMs + BEYOND_MS);
    await member.ended;
    clearTimeout(timer);
    return killed;
  }
}

/** The processes run the very command that this one was started with. */
export const isMember = (): boolean => cluster.isWorker;
