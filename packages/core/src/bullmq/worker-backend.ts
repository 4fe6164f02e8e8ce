import { randomInt } from "node:crypto";
import { setTimeout } from "node:timers/promises";
import {
  type BackendFactory,
  type FinishedPropValAttribute,
  type FinishedStatus,
  type KeepJobs,
  type MinimalJob,
  type MoveToDelayedOpts,
  type MoveToWaitingChildrenOpts,
  QueueKeys,
  RedisConnection,
  RedisQueueBackend,
  type WorkerOptions,
} from "bullmq";
import type { DeferralReason } from "../observe/channels.ts";
import { type Client, openClient, reopen } from "../redis/connection.ts";
import { isTemporary } from "../redis/fault.ts";
import { HangWatch } from "../redis/hang-watch.ts";
import { composedName } from "./compose.ts";
import { type Ending, endingArgs, type Permit, readPermit, silentEnding } from "./ending.ts";
import { PermitWait, saysPaused } from "./permit-wait.ts";
import { type Args, runCommand } from "./run-command.ts";
import { askAtOf, ENDS, NOBODY, type Subject } from "./worker-commands.ts";
import { workerConnectionName } from "./worker-name.ts";

/** A repeated command must find its grant at least this long after the first (ms). */
const GRANT_LEAST_MS = 60_000;

const TIMER_MS = 150;

/** Between two questions to a Redis that refuses (ms): without it BullMQ's loop made 15,000 errors a second at a replica. */
const REFUSED_MS = 250;

/** The number of arguments that BullMQ's own moveJobFromActiveToWait has, keys included. */
const BACK_TO_WAIT_ARGS = 12;

/**
 * BullMQ's data access with Headgate's scripts in place of BullMQ's, for one worker on one queue. Jobs are fetched only
 * together with a permit; the permit is kept here while the job runs, and goes back with its outcome in the script that
 * moves the job.
 */
export class WorkerBackend extends RedisQueueBackend {
  /** Identifies this worker towards the limiter (who keeps the time). */
  readonly #worker = randomInt(1, 2 ** 47);
  readonly #permits = new Map<string, Permit>();
  readonly #endings = new Map<string, Ending>();
  readonly #deferred = new Map<string, Deferred>();
  readonly #subjects = new WeakMap<Args, Subject>();
  readonly #slots: () => number;
  readonly #grantMs: number;
  readonly #watch: HangWatch;
  readonly #trouble: (error: Error) => void;
  readonly #permitWait: PermitWait;
  /** When the limiter told this worker to ask again (epoch ms); 0: when it is woken. */
  #askAt = 0;
  /** When Redis last answered a fetch (epoch ms): the heartbeat of the loop that asks for jobs. */
  #fetchedAt = 0;
  #paused = false;
  #stopped = false;
  #insists = true;

  constructor(
    client: Client,
    name: string,
    opts: WorkerOptions,
    slots: () => number,
    limiter: string,
    trouble: (error: Error) => void,
  ) {
    const keys = new QueueKeys(opts.prefix);
    const blocking = openClient(client, workerConnectionName(opts.prefix, name, opts.name));
    super(
      new RedisConnection(client as never, { shared: true, blocking: false }),
      name,
      keys.getKeys(name),
      (type) => keys.toKey(name, type),
      opts,
      // Not skipVersionCheck: with it BullMQ takes Redis for version 5 and rounds a blocking wait of 160 ms up to a second.
      new RedisConnection(blocking as never, { shared: false, blocking: true }),
    );
    this.#slots = slots;
    this.#trouble = trouble;
    this.#watch = new HangWatch(() => reopen(client));
    this.#permitWait = new PermitWait(limiter);
    this.#grantMs = Math.max(GRANT_LEAST_MS, 2 * (opts.lockDuration ?? 0));
  }

  /** From now on it asks for no job, also where BullMQ's loop still would after a timed wait. */
  stopFetching(): void {
    this.#stopped = true;
  }

  /** From now on an ending that Redis refuses is lost: there is no time left. */
  giveUp(): void {
    this.#insists = false;
  }

  get fetchedAt(): number {
    return this.#fetchedAt;
  }

  /** Its last fetch found the queue paused. */
  get paused(): boolean {
    return this.#paused;
  }

  /** A lock token holds one job at a time, so it names the run. */
  permitOf(token: string): Permit | undefined {
    return this.#permits.get(token);
  }

  /** Says how a run ended; the next command that moves this job carries it. */
  conclude(token: string, ending: Ending): void {
    this.#endings.set(token, ending);
  }

  /** As concluded; silent before that. */
  endingOf(token: string): Ending {
    return this.#endings.get(token) ?? silentEnding;
  }

  /** Puts a throttled job back: no attempt is spent, and the script decides the delay (see `takeDeferral`). */
  defer(jobId: string, token: string, fetchNext: boolean, deferral: DeferralReason): Promise<unknown> {
    return this.moveToDelayed(jobId, Date.now(), 0, token, { skipAttempt: true, fetchNext, deferral } as DeferOpts);
  }

  /** What the last deferral of this job came to. */
  takeDeferral(jobId: string): Deferred {
    const deferred = this.#deferred.get(jobId) ?? { deferrals: 0, delayMs: 0 };
    this.#deferred.delete(jobId);
    return deferred;
  }

  // --- What BullMQ calls -------------------------------------------------------------------------------------------

  override execCommand(client: unknown, commandName: string, args: Args): unknown {
    const name = commandName.startsWith("add") ? null : composedName(commandName);
    if (name === null) return this.#watched(super.execCommand(client as never, commandName, args));
    if (commandName === "moveToActive") return this.#fetch(client, name, args);
    return ENDS.has(commandName)
      ? this.#end(client, commandName, name, args)
      : this.#watched(runCommand(client, name, args));
  }

  protected override moveToFinishedArgs<T, R, N extends string>(
    job: MinimalJob<T, R, N>,
    value: unknown,
    property: FinishedPropValAttribute,
    shouldRemove: undefined | boolean | number | KeepJobs,
    target: FinishedStatus,
    token: string,
    timestamp: number,
    fetchNext?: boolean,
    fieldsToUpdate?: Record<string, unknown>,
  ): (string | number | boolean | Buffer)[] {
    const args = super.moveToFinishedArgs(
      job,
      value,
      property,
      shouldRemove,
      target,
      token,
      timestamp,
      fetchNext,
      fieldsToUpdate,
    );
    return this.#with(args, job.id ?? "", token);
  }

  override moveToDelayedArgs(
    jobId: string,
    timestamp: number,
    token: string,
    delay: number,
    opts: DeferOpts = {},
  ): (string | number | Buffer)[] {
    const args = super.moveToDelayedArgs(jobId, timestamp, token, delay, opts);
    return this.#with(args, jobId, token, opts.deferral ?? "");
  }

  override retryJobArgs(
    jobId: string,
    lifo: boolean,
    token: string,
    opts: MoveToDelayedOpts = {},
  ): (string | number | Buffer)[] {
    return this.#with(super.retryJobArgs(jobId, lifo, token, opts), jobId, token);
  }

  override moveToWaitingChildrenArgs(
    jobId: string,
    token: string,
    opts: MoveToWaitingChildrenOpts = {},
  ): (string | number)[] {
    return this.#with(super.moveToWaitingChildrenArgs(jobId, token, opts), jobId, token);
  }

  /**
   * BullMQ forgets a timed answer when the reply of a finish that was sent before it is handled after it, and then blocks
   * for its drainDelay: as timekeeper it stalled the limiter for 5 s in 1 of 5 runs. So the time is kept here too.
   */
  override async waitForJob(blockTimeout: number): ReturnType<RedisQueueBackend["waitForJob"]> {
    const dueIn = this.#askAt - Date.now();
    if (this.#askAt === 0 || dueIn >= blockTimeout * 1_000) return this.#block(blockTimeout);
    // Redis ends a block up to 95 ms late: a short wait is a timer's.
    if (dueIn > TIMER_MS) return this.#block(dueIn / 1_000);
    await setTimeout(Math.max(1, dueIn));
    return null as never;
  }

  /** Refused, BullMQ would open the connection anew and sleep for 5 s. */
  async #block(timeout: number): ReturnType<RedisQueueBackend["waitForJob"]> {
    try {
      return await super.waitForJob(timeout);
    } catch (error) {
      if (this.#stopped || !isTemporary(error)) throw error;
      this.#trouble(error as Error);
      await setTimeout(REFUSED_MS);
      return null as never;
    }
  }

  override close(force?: boolean): ReturnType<RedisQueueBackend["close"]> {
    this.#watch.close();
    return super.close(force);
  }

  // --- How it reaches Redis ----------------------------------------------------------------------------------------

  async #fetch(client: unknown, name: string, args: Args): Promise<unknown> {
    if (this.#stopped) return [0, 0, 0, 0];
    const free = this.#slots() - this.#permits.size;
    this.#watch.asked();
    let reply: unknown;
    try {
      reply = await runCommand(client, name, [...args, this.#worker, free, this.#grantMs, ""]);
    } catch (error) {
      // Reported by BullMQ, whose loop asks again at once.
      if (!this.#stopped && isTemporary(error)) await setTimeout(REFUSED_MS);
      throw error;
    } finally {
      this.#watch.answered();
    }
    this.#fetchedAt = Date.now();
    this.#askAt = askAtOf(reply);
    this.#paused = saysPaused(reply);
    return this.#keep(Array.isArray(reply) ? String(reply[5]) : "", reply);
  }

  async #end(client: unknown, commandName: string, name: string, given: Args): Promise<unknown> {
    const args = commandName === "moveJobFromActiveToWait" ? this.#backToWait(given) : given;
    const { jobId, token } = this.#subjects.get(args) ?? NOBODY;
    let reply: unknown;
    for (let isDone = false; !isDone; ) {
      this.#watch.asked();
      try {
        reply = await runCommand(client, name, args);
        isDone = true;
      } catch (error) {
        await this.#refused(error);
      } finally {
        this.#watch.answered();
      }
    }
    this.#askAt = askAtOf(reply) || this.#askAt;
    if (Array.isArray(reply) && typeof reply[5] === "number") {
      const deferrals = (this.#permits.get(token)?.deferrals ?? 0) + 1;
      this.#deferred.set(jobId, { deferrals, delayMs: reply[5] });
    }
    const stays = commandName === "moveToWaitingChildren" && reply === 1;
    if (!stays) {
      this.#permits.delete(token);
      this.#endings.delete(token);
    }
    return this.#keep(token, reply);
  }

  /**
   * How a run ended is not lost because Redis cannot write for a while. BullMQ gave such a job up, and 15 s later it was found
   * stalled and ran again.
   */
  async #refused(error: unknown): Promise<void> {
    if (!this.#insists || !isTemporary(error)) throw error;
    this.#trouble(error as Error);
    await setTimeout(REFUSED_MS);
  }

  async #watched(answer: unknown): Promise<unknown> {
    this.#watch.asked();
    try {
      return await answer;
    } finally {
      this.#watch.answered();
    }
  }

  #backToWait(args: Args): Args {
    const jobId = String(args[9]);
    return this.#with([...args.slice(0, BACK_TO_WAIT_ARGS), this.keys[""], Date.now()], jobId, String(args[10]));
  }

  /** BullMQ's arguments with the ending behind them; remembers whose they are. */
  #with<T extends Args>(args: T, jobId: string, token: string, ...more: string[]): T {
    args.push(...this.#ending(token), ...more);
    this.#subjects.set(args, { jobId, token });
    return args;
  }

  /** Remembers the permit of a job that came with a reply. */
  #keep(token: string, reply: unknown): unknown {
    if (!Array.isArray(reply)) return reply;
    if (Array.isArray(reply[0])) {
      this.#permits.set(token, readPermit(reply[0] as string[], String(reply[4] ?? "")));
      this.#permitWait.granted();
    } else this.#permitWait.notGranted(reply);
    return reply;
  }

  /** The arguments behind BullMQ's: whether the ending is an ok and nothing more, and all of it (lua/lib/finish.lua). */
  #ending(token: string): string[] {
    const free = this.#slots() - this.#permits.size + 1;
    return endingArgs(this.#worker, free, token, this.#permits.get(token), this.endingOf(token));
  }
}

interface Deferred {
  readonly deferrals: number;
  readonly delayMs: number;
}

type DeferOpts = MoveToDelayedOpts & { readonly deferral?: DeferralReason };

/** `trouble` hears of what Redis refuses and is asked again. */
export function workerBackend(
  client: Client,
  slots: () => number,
  limiter: string,
  trouble: (error: Error) => void,
): BackendFactory<WorkerBackend> {
  return (name, opts) => new WorkerBackend(client, name, opts as WorkerOptions, slots, limiter, trouble);
}
