import cluster from "node:cluster";
import { ExitCode } from "../exit-code.ts";
import type { EventLog } from "./event-log.ts";
import { type Ended, MemberProcess } from "./member-process.ts";
import type { Told } from "./messages.ts";
import { startGently } from "./priority.ts";
import { MOST_QUICK_DEATHS, restartAfter } from "./restart-policy.ts";

export interface SupervisorOptions {
  readonly processes: number;
  readonly drainTimeoutMs: number;
  readonly log: EventLog;
  readonly hear: (member: MemberProcess, told: Told) => void;
  /** It takes jobs; one that was started later is the newer one. */
  readonly ready: (member: MemberProcess) => void;
  readonly gone: (member: MemberProcess) => void;
}

/** What a process may take beyond its drain timeout until it is killed (ms): it aborts, puts back, disconnects. */
const BEYOND_MS = 1_700;

/** The first processes start together (ms). */
const START_MS = 1_000;

/** After these no further start would fare better, until somebody mends what they name. */
const hopelessEnds = [
  { code: ExitCode.usage, reason: "its config cannot be used" },
  { code: ExitCode.startRefused, reason: "what refused its start does not pass" },
] as const;

const hopelessEnd = (code: number | null): (typeof hopelessEnds)[number] | undefined =>
  hopelessEnds.find((end) => end.code === code);

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
  /** Asked for while it rolls: what has been replaced by then is replaced again. */
  #again = false;

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

  /**
   * One process after the other is replaced, each by one that takes jobs before the old one is told to go. Where a new one
   * cannot be used, the old ones go on. Asked for again meanwhile, it begins anew: what it has started may be too old already.
   */
  async roll(): Promise<void> {
    if (this.draining) return;
    if (this.#state === "rolling") {
      this.#again = true;
      // It may wait for what the config does not say any more.
      for (const member of this.#members) if (member.candidate) member.kill();
      return;
    }
    this.#state = "rolling";
    const { log, processes } = this.#options;
    do {
      this.#again = false;
      log({ event: "rolling", processes });
      const rolled = await this.#replaceAll();
      if (this.draining) return;
      if (rolled) log({ event: "rolled", processes });
    } while (this.#again);
    this.#state = "running";
  }

  /** Answers whether all were replaced. */
  async #replaceAll(): Promise<boolean> {
    const from = Date.now();
    for (let slot = 0; slot < this.#options.processes; slot++) {
      const old = this.#inSlot(slot);
      // One that has died meanwhile has read the config anew, or will.
      if (old === undefined || old.startedAt > from) continue;
      const fresh = this.#start(slot, true);
      const ready = await fresh.ready;
      if (this.draining) return false;
      if (!ready) {
        if (!this.#again) this.#failed(slot, await fresh.ended);
        return false;
      }
      await this.#dismiss(old, "SIGHUP");
      if (this.draining || this.#again) return false;
    }
    return true;
  }

  #failed(slot: number, { code, signal }: Ended): void {
    const reason = hopelessEnd(code)?.reason ?? "the new process ended before it was ready";
    this.#options.log({ event: "roll-failed", process: slot, code, signal, reason: `${reason}; the old ones go on` });
  }

  /** The process that works in a place of the fleet. */
  #inSlot(slot: number): MemberProcess | undefined {
    return this.members.find((member) => member.slot === slot && !member.leaving && !member.candidate);
  }

  #start(slot: number, candidate = false): MemberProcess {
    const beside = this.#members.size > 0 && this.#beganAt + START_MS < Date.now();
    const member = new MemberProcess(slot, candidate, this.#options.hear);
    this.#members.add(member);
    const workFully = beside ? startGently(member.pid) : () => undefined;
    void member.ready.then((ready) => {
      workFully();
      if (!ready) return;
      member.candidate = false;
      this.#options.ready(member);
    });
    void member.ended.then((ended) => {
      this.#members.delete(member);
      this.#options.gone(member);
      if (!member.leaving && !this.draining && !member.candidate) this.#crashed(member, ended);
    });
    return member;
  }

  #crashed({ slot, pid, startedAt }: MemberProcess, { code, signal }: Ended): void {
    const { log } = this.#options;
    const livedMs = Date.now() - startedAt;
    const fields = { process: slot, pid, code, signal, livedMs };
    const standIn = this.members.find((member) => member.slot === slot && !member.leaving);
    if (standIn !== undefined) {
      standIn.candidate = false;
      log({ event: "died", ...fields, replacedBy: standIn.pid });
      return;
    }
    const end = hopelessEnd(code);
    const { quickDeaths, delayMs } = restartAfter({
      quickDeaths: this.#quickDeaths.get(slot) ?? 0,
      livedMs,
      hopeless: end !== undefined,
      // Another has read its config and come to work: it was changed since.
      othersWell: this.members.some(({ takesJobs, well }) => (end ? takesJobs : well)),
    });
    this.#quickDeaths.set(slot, quickDeaths);
    if (delayMs === null) {
      const reason = end?.reason ?? `${MOST_QUICK_DEATHS} quick deaths in a row`;
      log({ event: "giving-up", ...(end ? {} : { error: "HG_CRASH_LOOP" }), ...fields, reason });
      void this.drain("none", end?.code ?? ExitCode.crashLoop);
      return;
    }
    log({ event: "died", ...fields, ...(end ? { reason: end.reason } : {}), restartInMs: delayMs });
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
