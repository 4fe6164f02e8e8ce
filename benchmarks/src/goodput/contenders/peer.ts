import { setMaxListeners } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { type Job, type JobsOptions, Queue, Worker, type WorkerOptions } from "bullmq";
import {
  BACKLOG,
  CONCURRENCY,
  type Contender,
  type Feeder,
  nextPayload,
  type Part,
  type Payload,
  type Setting,
} from "../contender.ts";
import { Tap } from "../tap.ts";

/** What sets one peer on plain BullMQ apart from the others. Made once per process: what it has learned it keeps. */
export interface Way {
  /** `signal`: the run is over, and nobody waits any longer. */
  process(job: Job<Payload>, queue: Queue<Payload>, signal: AbortSignal): Promise<void>;
  readonly worker?: Pick<WorkerOptions, "limiter">;
  /** Before the first job. */
  prepare?(queue: Queue<Payload>): Promise<void>;
}

const NAME = "calls";
/** Between two looks at how many jobs wait (ms): at 600 calls a second the backlog loses 30 meanwhile. */
const LOOK_MS = 50;

const queueOf = ({ connection, namespace }: Setting): Queue<Payload> =>
  new Queue<Payload>(NAME, { connection: { url: connection }, prefix: namespace });

/**
 * Keeps as many jobs waiting as Headgate's queue holds. Jobs that were put back with a delay do not count: a peer whose queue
 * fills with those shall not starve, and its depth shows it.
 */
class PeerFeeder implements Feeder {
  readonly acknowledged = new Set<string>();
  readonly #setting: Setting;
  readonly #options: JobsOptions;
  readonly #tap: Tap;
  #abort = new AbortController();
  #feeding: Promise<void> = Promise.resolve();

  constructor(setting: Setting, options: JobsOptions) {
    this.#setting = setting;
    this.#options = options;
    this.#tap = new Tap(setting.scenario.demand[0]?.perSecond ?? null);
  }

  demand(perSecond: number | null): void {
    this.#tap.set(perSecond);
  }

  async start(): Promise<void> {
    this.#abort = new AbortController();
    const queue = queueOf(this.#setting);
    await this.#fill(queue);
    this.#feeding = this.#feed(queue, this.#abort.signal);
  }

  async stop(): Promise<void> {
    this.#abort.abort();
    await this.#feeding;
  }

  async #feed(queue: Queue<Payload>, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.#fill(queue);
      await sleep(LOOK_MS, undefined, { signal }).catch(() => undefined);
    }
    await queue.close();
  }

  async #fill(queue: Queue<Payload>): Promise<void> {
    const room = this.#tap.due(Math.max(0, BACKLOG - (await queue.getWaitingCount())));
    if (room === 0) return;
    const jobs = Array.from({ length: room }, () => ({
      name: "call",
      data: nextPayload(this.#setting),
      opts: this.#options,
    }));
    for (const { id } of await queue.addBulk(jobs)) this.acknowledged.add(id as string);
  }
}

function workerOf(setting: Setting, way: Way): Part {
  let queue: Queue<Payload> | undefined;
  let worker: Worker<Payload> | undefined;
  let over = new AbortController();
  return {
    start: async () => {
      over = new AbortController();
      const { signal } = over;
      // Every job in flight may listen.
      setMaxListeners(0, signal);
      // One promise for all jobs: a listener for each would pile up.
      const ended = new Promise<never>((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
      ended.catch(() => undefined);
      const ours = queueOf(setting);
      queue = ours;
      await way.prepare?.(ours);
      worker = new Worker<Payload>(NAME, (job) => Promise.race([way.process(job, ours, signal), ended]), {
        ...way.worker,
        connection: { url: setting.connection },
        prefix: setting.namespace,
        concurrency: CONCURRENCY,
      });
      worker.on("error", (error) => console.error(error));
      await worker.waitUntilReady();
    },
    stop: async () => {
      over.abort();
      await worker?.close();
      await queue?.close();
    },
  };
}

/** A contender on plain BullMQ. */
export const peer = (wayOf: (setting: Setting) => Way, jobs: JobsOptions = {}): Contender => ({
  base: ({ namespace }) => `${namespace}:${NAME}:`,
  feeder: (setting) => new PeerFeeder(setting, jobs),
  worker: (setting) => workerOf(setting, wayOf(setting)),
});
