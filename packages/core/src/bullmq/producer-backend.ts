import { AsyncLocalStorage } from "node:async_hooks";
import {
  createIORedisClient,
  type JobJson,
  JobScheduler,
  type JobsOptions,
  QueueKeys,
  type QueueOptions,
  RedisConnection,
  RedisQueueBackend,
  type RepeatOptions,
} from "bullmq";
import type { Client } from "../redis/connection.ts";
import { composedName, FLOW } from "./compose.ts";
import { bullmqJob, type FlowJob, flowArgs, Recording, recordReleases } from "./flow.ts";
import { type Args, runCommand } from "./run-command.ts";

export interface Admission {
  /** Encoded job id. */
  readonly id: string;
  /** Stays the same when an enqueue is sent twice; "" where the id was made for this enqueue: it does as well. */
  readonly nonce: string;
  /** JSON, or "" where all jobs of the queue cost the same. */
  readonly cost: string;
  /** What few enqueues have to say; null for the others. */
  readonly more: {
    /** Set for one that waits: a paced slot may be reserved, and this is one that was (ms, 0: none). */
    readonly slot?: number | undefined;
    /** Where the queue sheds, and with a deadline; 0: none. */
    readonly priority?: number | undefined;
    /** Until the deadline (ms). */
    readonly left?: number | undefined;
  } | null;
}

/** What goes with a schedule besides what BullMQ stores. */
interface ScheduleParts {
  /** Stays the same when the command is sent twice. */
  readonly nonce: string;
  /** JSON, or "" where all jobs of the queue cost the same. */
  readonly cost: string;
}

export interface ScheduledJob extends ScheduleParts {
  readonly name: string;
  readonly data: unknown;
  readonly opts: JobsOptions;
}

/** BullMQ's way of storing a job, with admission in the same script. */
export class ProducerBackend extends RedisQueueBackend {
  readonly #redis: ReturnType<typeof createIORedisClient>;
  #admission: Admission | null = null;
  readonly #scheduling = new AsyncLocalStorage<ScheduleParts>();
  readonly #scheduler: JobScheduler;

  constructor(client: Client, name: string, prefix: string) {
    const keys = new QueueKeys(prefix);
    const options: QueueOptions = { prefix, connection: client as never };
    super(
      new RedisConnection(client, { shared: true, blocking: false }),
      name,
      keys.getKeys(name),
      (type) => keys.toKey(name, type),
      options,
    );
    this.#redis = createIORedisClient(client as never);
    this.#scheduler = new JobScheduler(name, options, () => this);
    // Its backend is this one, whose errors are listened to.
    this.#scheduler.on("error", () => undefined);
  }

  /** Asks for admission. BullMQ picks the add command and its arguments; it calls `execCommand` before it first awaits. */
  admit(job: JobJson, admission: Admission): Promise<unknown> {
    this.#admission = admission;
    const reply = this.addJobToTransaction(this.#redis as never, job, admission.id);
    this.#admission = null;
    return reply;
  }

  /**
   * Asks for admission of a flow, parents before children. BullMQ makes its commands, one for each job; they leave as one
   * script, which stores all or none.
   */
  async admitFlow(jobs: readonly FlowJob[], nonce: string, waits: Admission["more"]): Promise<unknown> {
    const recording = new Recording();
    const timestamp = Date.now();
    for (const job of jobs) {
      const { json, relations } = bullmqJob(job, timestamp);
      const keys = new QueueKeys(job.prefix).getKeys(job.queue);
      await this.addJobToTransaction(recording as never, json as never, job.id, relations, keys);
    }
    recordReleases(recording, jobs, timestamp);
    return runCommand(this.#redis, FLOW, [...flowArgs(recording.commands, jobs, { nonce, ...waits })]);
  }

  /** Starts or changes a schedule; BullMQ works out when its next iteration is due. Answers that (epoch ms). */
  async upsertSchedule(
    id: string,
    repeat: RepeatOptions,
    { name, data, opts, ...parts }: ScheduledJob,
  ): Promise<number> {
    await this.#scheduling.run(parts, () =>
      this.#scheduler.upsertJobScheduler(id, repeat, name, data, opts, { override: true }),
    );
    return (await this.#scheduler.getScheduler(id))?.next ?? 0;
  }

  override execCommand(client: unknown, commandName: string, args: Args): unknown {
    if (client instanceof Recording) return client.add(commandName, args);
    if (commandName === "addJobScheduler") {
      const { nonce, cost } = this.#scheduling.getStore() as ScheduleParts;
      return runCommand(client, "hg:addJobScheduler", [...args, nonce, cost]);
    }
    const admission = this.#admission;
    const name = commandName.startsWith("add") ? composedName(commandName) : null;
    if (admission === null || name === null) return super.execCommand(client as never, commandName, args);
    const { id, nonce, cost, more } = admission;
    args.push(id, nonce, cost, more === null ? "" : JSON.stringify(more));
    return runCommand(client, name, args);
  }
}
