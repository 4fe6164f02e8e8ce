import { readLimiterStatus, readQueueStatus } from "../control/status.ts";
import type { Queue } from "../define/queue.ts";
import type { Connection } from "../redis/connection.ts";
import { Link } from "../redis/link.ts";
import type { Instruments } from "./instruments.ts";
import { type LimiterLook, showLimiters } from "./limiter-metrics.ts";
import { type QueueLook, showQueues } from "./queue-metrics.ts";

export interface QueueMetricsOptions {
  readonly connection: Connection;
  readonly queues: readonly Queue[];
  /** Jobs at once in one worker of a queue, for `headgate_desired_workers`; default 10. */
  readonly slotsOf?: (queue: Queue) => number;
}

/** Everything that a scrape shows of Redis, as it was at one moment. */
interface Look {
  readonly limiters: readonly LimiterLook[];
  readonly queues: readonly QueueLook[];
  readonly memoryUsed: number;
}

const DEFAULT_SLOTS = 10;
/** A scrape does not wait longer for Redis (ms): it is to be answered within a second, whatever Redis does. */
const PATIENCE_MS = 750;
const NOTHING: Look = { limiters: [], queues: [], memoryUsed: 0 };

/** Queues, limiters and Redis itself, as Redis has them. Without Redis they are shown as they last were. */
export class RedisState {
  readonly #link: Link;
  readonly #queues: readonly Queue[];
  readonly #slotsOf: (queue: Queue) => number;
  #look: Look = NOTHING;
  #up = false;
  /** One at a time, however many ask: a Redis that hangs has nothing piled up in front of it. */
  #looking: Promise<boolean> | undefined;

  constructor({ connection, queues, slotsOf = () => DEFAULT_SLOTS }: QueueMetricsOptions) {
    this.#link = new Link(connection, () => undefined);
    this.#queues = queues;
    this.#slotsOf = slotsOf;
  }

  show(make: Instruments): void {
    showQueues(make, () => this.#look.queues);
    showLimiters(make, () => this.#look.limiters);
    make.gauge({ name: "headgate_redis_up", help: "1 when Redis answered this scrape", labels: [], unit: "1" }, () => [
      [{}, this.#up ? 1 : 0],
    ]);
    make.gauge(
      {
        name: "headgate_redis_memory_used_ratio",
        help: "Used memory over maxmemory; 0 without a maxmemory",
        labels: [],
        unit: "1",
      },
      () => [[{}, this.#look.memoryUsed]],
    );
  }

  /** Never fails. */
  async refresh(): Promise<void> {
    this.#looking ??= this.#read().then(
      (look) => {
        this.#look = look;
        this.#looking = undefined;
        return true;
      },
      () => {
        this.#looking = undefined;
        return false;
      },
    );
    this.#up = await inTime(this.#looking);
  }

  close(): Promise<void> {
    return this.#link.close();
  }

  async #read(): Promise<Look> {
    const { client } = this.#link;
    await this.#link.ready();
    const at = Date.now();
    const byPrefix = new Map(this.#queues.map(({ limiter }) => [limiter.prefix, limiter]));
    const [info, limiters, queues] = await Promise.all([
      client.info("memory"),
      Promise.all(Array.from(byPrefix.values(), (limiter) => readLimiterStatus(client, limiter))),
      Promise.all(this.#queues.map((queue) => readQueueStatus(client, queue))),
    ]);
    const prefixes = [...byPrefix.keys()];
    return {
      memoryUsed: usedRatio(info),
      limiters: limiters.map((status) => ({ status, at })),
      queues: this.#queues.flatMap((queue, index) => {
        const [status, limiter] = [queues[index], limiters[prefixes.indexOf(queue.limiter.prefix)]];
        return status && limiter ? { status, limiter, slots: this.#slotsOf(queue) } : [];
      }),
    };
  }
}

const field = (info: string, name: string): number => Number(new RegExp(`^${name}:(\\d+)`, "m").exec(info)?.[1] ?? 0);

/** Pure, from INFO memory. */
function usedRatio(info: string): number {
  const most = field(info, "maxmemory");
  return most > 0 ? field(info, "used_memory") / most : 0;
}

async function inTime(looking: Promise<boolean>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(resolve, PATIENCE_MS, false).unref();
  });
  try {
    return await Promise.race([looking, late]);
  } finally {
    clearTimeout(timer);
  }
}
