import { randomUUID } from "node:crypto";
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
import { type Client, openClient } from "../redis/connection.ts";
import { composedName } from "./compose.ts";
import { type Ending, type Permit, readPermit, silentEnding } from "./ending.ts";

type Args = (string | number | boolean | Buffer | undefined)[];

/** A repeated command must find its grant at least this long after the first (ms). */
const GRANT_LEAST_MS = 60_000;

/** The number of arguments that BullMQ's own moveJobFromActiveToWait has, keys included. */
const BACK_TO_WAIT_ARGS = 12;

/**
 * BullMQ's data access with Headgate's scripts in place of BullMQ's, for one worker on one queue. Jobs are fetched only
 * together with a permit; the permit is kept here while the job runs, and goes back with its outcome in the script that
 * moves the job.
 */
export class WorkerBackend extends RedisQueueBackend {
  /** Identifies this worker towards the limiter (who keeps the time). */
  readonly #worker = randomUUID().slice(0, 8);
  readonly #permits = new Map<string, Permit>();
  readonly #endings = new Map<string, Ending>();
  readonly #deferred = new Map<string, Deferred>();
  readonly #slots: () => number;
  readonly #grantMs: number;

  constructor(client: Client, name: string, opts: WorkerOptions, slots: () => number) {
    const keys = new QueueKeys(opts.prefix);
    const blocking = openClient(client);
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
    this.#grantMs = Math.max(GRANT_LEAST_MS, 2 * (opts.lockDuration ?? 0));
  }

  permitOf(jobId: string, token: string): Permit | undefined {
    return this.#permits.get(placeOf(jobId, token));
  }

  /** Says how a run ended; the next command that moves this job carries it. */
  conclude(jobId: string, token: string, ending: Ending): void {
    this.#endings.set(placeOf(jobId, token), ending);
  }

  /** Puts a throttled job back: no attempt is spent, and the script decides the delay (see `takeDeferral`). */
  defer(jobId: string, token: string, fetchNext: boolean): Promise<unknown> {
    return this.moveToDelayed(jobId, Date.now(), 0, token, { skipAttempt: true, fetchNext, deferral: true } as DeferOpts);
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
    if (name === null) return super.execCommand(client as never, commandName, args);
    if (commandName === "moveToActive") return this.#fetch(client, name, args);
    return this.#end(client, commandName, name, args);
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
    const args = super.moveToFinishedArgs(job, value, property, shouldRemove, target, token, timestamp, fetchNext, fieldsToUpdate);
    return [...args, ...this.#ending(job.id ?? "", token)];
  }

  override moveToDelayedArgs(
    jobId: string,
    timestamp: number,
    token: string,
    delay: number,
    opts: DeferOpts = {},
  ): (string | number | Buffer)[] {
    const args = super.moveToDelayedArgs(jobId, timestamp, token, delay, opts);
    return [...args, ...this.#ending(jobId, token), opts.deferral ? "1" : ""];
  }

  override retryJobArgs(
    jobId: string,
    lifo: boolean,
    token: string,
    opts: MoveToDelayedOpts = {},
  ): (string | number | Buffer)[] {
    return [...super.retryJobArgs(jobId, lifo, token, opts), ...this.#ending(jobId, token)];
  }

  override moveToWaitingChildrenArgs(
    jobId: string,
    token: string,
    opts: MoveToWaitingChildrenOpts = {},
  ): (string | number)[] {
    return [...super.moveToWaitingChildrenArgs(jobId, token, opts), ...this.#ending(jobId, token)];
  }

  // --- How it reaches Redis ----------------------------------------------------------------------------------------

  async #fetch(client: unknown, name: string, args: Args): Promise<unknown> {
    const free = this.#slots() - this.#permits.size;
    const reply = await run(client, name, [...args, this.#worker, free, this.#grantMs, ""]);
    return this.#keep(Array.isArray(reply) ? String(reply[5]) : "", reply);
  }

  async #end(client: unknown, commandName: string, name: string, given: Args): Promise<unknown> {
    const args = commandName === "moveJobFromActiveToWait" ? this.#backToWait(given) : given;
    const { jobId, token } = subject(commandName, args);
    const reply = await run(client, name, args);
    const place = placeOf(jobId, token);
    if (Array.isArray(reply) && typeof reply[5] === "number") {
      const deferrals = (this.#permits.get(place)?.deferrals ?? 0) + 1;
      this.#deferred.set(jobId, { deferrals, delayMs: reply[5] });
    }
    const stays = commandName === "moveToWaitingChildren" && reply === 1;
    if (!stays) {
      this.#permits.delete(place);
      this.#endings.delete(place);
    }
    return this.#keep(token, reply);
  }

  #backToWait(args: Args): Args {
    const jobId = String(args[9]);
    return [...args.slice(0, BACK_TO_WAIT_ARGS), this.keys[""], Date.now(), ...this.#ending(jobId, String(args[10]))];
  }

  /** Remembers the permit of a job that came with a reply. */
  #keep(token: string, reply: unknown): unknown {
    if (Array.isArray(reply) && Array.isArray(reply[0])) {
      const jobId = String(reply[1]);
      this.#permits.set(placeOf(jobId, token), readPermit(jobId, reply[0] as string[], String(reply[4] ?? "")));
    }
    return reply;
  }

  /** The arguments behind BullMQ's, as lua/lib/finish.lua reads them. */
  #ending(jobId: string, token: string): (string | number)[] {
    const place = placeOf(jobId, token);
    const permit = this.#permits.get(place);
    const ending = this.#endings.get(place) ?? silentEnding;
    return [
      this.#worker,
      token,
      this.#slots() - this.#permits.size + 1,
      this.#grantMs,
      permit?.text ?? "",
      permit?.id ?? "",
      ending.outcome,
      Math.ceil(ending.retryAfterMs),
      ending.spent ? JSON.stringify(ending.spent) : "",
      "",
    ];
  }
}

interface Deferred {
  readonly deferrals: number;
  readonly delayMs: number;
}

type DeferOpts = MoveToDelayedOpts & { readonly deferral?: boolean };

const placeOf = (jobId: string, token: string): string => `${token}\n${jobId}`;

const run = (client: unknown, name: string, args: Args): Promise<unknown> =>
  (client as { runCommand(name: string, args: Args): Promise<unknown> }).runCommand(name, args);

/** Where each command has its job id and token; positions are checked by the contract test. */
function subject(commandName: string, args: Args): { jobId: string; token: string } {
  const at = {
    moveToFinished: [14, 24],
    moveToDelayed: [13, 14],
    retryJob: [14, 15],
    moveJobFromActiveToWait: [9, 10],
    moveToWaitingChildren: [10, 7],
  }[commandName];
  if (!at) throw new Error(`no subject for ${commandName}`);
  return { jobId: String(args[at[0] as number]), token: String(args[at[1] as number]) };
}

export function workerBackend(client: Client, slots: () => number): BackendFactory<WorkerBackend> {
  return (name, opts) => new WorkerBackend(client, name, opts as WorkerOptions, slots);
}
