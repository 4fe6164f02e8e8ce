import type { Outcome } from "../bullmq/ending.ts";
import type { Queue } from "../define/queue.ts";
import type { Client } from "../redis/connection.ts";
import { queueBase } from "../redis/keys.ts";
import type { Told } from "./manners.ts";
import { scripts } from "./scripts.generated.ts";

/** As the scripts give it (lua/lib/permit.lua, permit_text). */
type Permit = string;

export interface Fetched {
  /** ms, virtual. */
  readonly at: number;
  /** From 1; which of the fleet's costs the job has. */
  readonly kind: number;
  readonly permit: Permit;
}

/** An answer that reaches a worker, with what goes into its ending (src/bullmq/ending.ts). */
export interface Heard {
  readonly at: number;
  readonly kind: number;
  readonly permit: Permit;
  readonly outcome: Outcome;
  readonly retryAfterMs: number;
  readonly spent: Readonly<Record<string, number>> | null;
  /** How old what the API tells of its counters is (ms), and what it tells; 0: nothing. */
  readonly told: readonly [number, ...Told[]] | 0;
}

export interface Glance {
  readonly at: number;
  /** Permits per second; infinite where nothing paces. */
  readonly rate: number;
  readonly phase: number;
  readonly gate: number;
}

export interface FleetOptions {
  readonly slots: number;
  readonly costs: readonly Readonly<Record<string, number>>[];
  /** Null: there is always a job. */
  readonly backlog: number | null;
}

/** From a reply to the next ask of the same worker (ms): a round trip and a turn of the event loop. */
const LAG_MS = 0.4;
/** Most that a worker's timer is late (ms). */
const LATE_MS = 2;

const { lua, sha1, keys } = scripts.fleet;

/** All workers of one limiter in virtual time (lua/simulator/fleet.lua): they fetch and finish as production does. */
export class VirtualFleet {
  readonly #client: Client;
  readonly #base: string;
  readonly #costs: readonly string[];
  #free: number;
  #backlog: number;
  #askAt: number;
  #turn: number;

  constructor(client: Client, queue: Queue, { slots, costs, backlog }: FleetOptions, startsAt: number, seed: number) {
    this.#client = client;
    this.#base = queueBase(queue.limiter.prefix, queue.name);
    this.#costs = costs.map((cost) => JSON.stringify(cost));
    this.#free = slots;
    this.#backlog = backlog ?? -1;
    this.#askAt = startsAt;
    this.#turn = seed * 1_000_003;
  }

  /** Lives until `till`: hears the answers, takes in the jobs, and gives what was fetched meanwhile. */
  async live(
    from: number,
    till: number,
    heard: readonly Heard[],
    arrivals: readonly number[],
  ): Promise<[Fetched[], Glance]> {
    const life = {
      from,
      till,
      seed: (this.#turn++ % 2 ** 31) + 1,
      free: this.#free,
      askAt: this.#askAt,
      backlog: this.#backlog,
      lag: LAG_MS,
      late: LATE_MS,
      costs: this.#costs,
    };
    const answers = heard.map(({ at, kind, permit, outcome, retryAfterMs, spent, told }) => [
      at,
      String(kind),
      permit,
      outcome,
      Math.ceil(retryAfterMs),
      spent ?? false,
      told,
    ]);
    const args = [this.#base, JSON.stringify(life), JSON.stringify(answers), JSON.stringify(arrivals)];
    const reply = (await this.#run(args)) as [number, number, number, [number, number, Permit][], number[]];
    const [free, askAt, backlog, fetched, [at = 0, rate = 0, phase = 0, gate = 0]] = reply;
    this.#free = free;
    this.#askAt = askAt < 0 ? -1 : askAt / 1_000;
    this.#backlog = backlog;
    return [
      fetched.map(([us, kind, permit]) => ({ at: us / 1_000, kind, permit })),
      { at: at / 1_000, rate: rate < 0 ? Number.POSITIVE_INFINITY : rate / 1_000, phase, gate: gate / 1_000 },
    ];
  }

  async #run(args: readonly string[]): Promise<unknown> {
    try {
      return await this.#client.evalsha(sha1, keys, ...args);
    } catch (error) {
      if (!String(error).includes("NOSCRIPT")) throw error;
      return await this.#client.eval(lua, keys, ...args);
    }
  }
}
