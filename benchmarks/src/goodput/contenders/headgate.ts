import { defineLimiter, defineQueue, type Queue } from "headgate";
import { createProducer } from "headgate/producer";
import { createWorker } from "headgate/worker";
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

/** Kept until the end, so that a lost job shows. */
const KEEP = { age: "1d", count: 1_000_000 } as const;

function queueOf({ namespace, scenario }: Setting): Queue<Payload, Payload> {
  const limiter = defineLimiter("api", { ...scenario.told, namespace });
  return defineQueue<Payload>("calls", {
    limiter,
    capacity: BACKLOG,
    // A job's cost in tokens is known beforehand, as it is with a language model's API.
    cost: ({ tokens }) => ({ tokens }),
    retention: { completed: KEEP, failed: KEEP },
    deferrals: { max: 1_000 },
  });
}

class HeadgateFeeder implements Feeder {
  readonly acknowledged = new Set<string>();
  readonly #setting: Setting;
  readonly #queue: Queue<Payload, Payload>;
  readonly #tap: Tap;
  #abort = new AbortController();
  #feeding: Promise<void> = Promise.resolve();

  constructor(setting: Setting) {
    this.#setting = setting;
    this.#queue = queueOf(setting);
    this.#tap = new Tap(setting.scenario.demand[0]?.perSecond ?? null);
  }

  demand(perSecond: number | null): void {
    this.#tap.set(perSecond);
  }

  async start(): Promise<void> {
    this.#abort = new AbortController();
    await new Promise<void>((first, failed) => {
      this.#feeding = this.#feed(first).catch(failed);
    });
  }

  async stop(): Promise<void> {
    this.#abort.abort();
    await this.#feeding;
  }

  async #feed(first: () => void): Promise<void> {
    await using producer = createProducer({ connection: this.#setting.connection });
    const { signal } = this.#abort;
    try {
      for await (const result of producer.enqueueMany(this.#queue, this.#jobs(signal), {
        onPressure: "wait",
        signal,
      })) {
        // BullMQ's key of a job: Headgate marks its own ids.
        if (result.accepted) this.acknowledged.add(`~${result.id}`);
        first();
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }

  async *#jobs(signal: AbortSignal): AsyncGenerator<Payload> {
    for (;;) {
      await this.#tap.next(signal);
      yield nextPayload(this.#setting);
    }
  }
}

function workerOf(setting: Setting): Part {
  let worker: ReturnType<typeof createWorker<Payload, number>> | undefined;
  return {
    start: async () => {
      worker = createWorker(
        queueOf(setting),
        async (payload: Payload, ctx) => {
          const response = await ctx.fetch(setting.url, { method: "POST", body: JSON.stringify(payload) });
          await response.arrayBuffer();
          return response.status;
        },
        { connection: setting.connection, concurrency: CONCURRENCY },
      );
      worker.on("error", (error) => console.error(error));
      await worker.ready();
    },
    stop: async () => {
      await worker?.close();
    },
  };
}

export const headgate: Contender = {
  base: (setting) => {
    const { name, prefix } = queueOf(setting).bullmq;
    return `${prefix}:${name}:`;
  },
  feeder: (setting) => new HeadgateFeeder(setting),
  worker: workerOf,
};
