import type { Queue } from "../define/queue.ts";
import type { Client } from "../redis/connection.ts";
import { queueBase } from "../redis/keys.ts";
import { registerQueue } from "../redis/register.ts";
import type { Api } from "./api/api.ts";
import { arrivalTimes, type Demand } from "./demand.ts";
import { type Fetched, type Glance, type Heard, VirtualFleet } from "./fleet.ts";
import type { Latency } from "./latency.ts";
import type { Manners, Telling } from "./manners.ts";
import { insertSorted, takeBefore } from "./order.ts";
import { type Random, seededRandom } from "./random.ts";

export interface Simulation {
  /** Its limiter's namespace must be the simulation's own: see `cleanUp`. */
  readonly queue: Queue;
  readonly api: Api;
  readonly manners: Manners;
  /** What every answer tells of the API's counter; left out, nothing. */
  readonly telling?: Telling;
  readonly latency: Latency;
  /** How long a 429 takes; the same as an accepted call where it is left out. */
  readonly refusalLatency?: Latency;
  /** Jobs that run at once, over all workers. */
  readonly slots: number;
  readonly seconds: number;
  readonly seed: number;
  /** Each job has one of these costs, drawn evenly; default one request. */
  readonly costs?: readonly Readonly<Record<string, number>>[];
  /** Left out, there is always a job. */
  readonly demand?: Demand;
  /** Ends it early; what was simulated until then is answered. */
  readonly signal?: AbortSignal;
  /** Virtual epoch ms; a simulation that goes on where another ended starts later than it. */
  readonly startsAt?: number;
}

/** One call, in the order in which the API saw them. */
export interface Seen {
  /** ms since the start. */
  readonly at: number;
  readonly accepted: boolean;
  readonly cost: Readonly<Record<string, number>>;
}

export interface History {
  readonly calls: readonly Seen[];
  /** What the limiter paced at, at the end of each stretch; times since the start. */
  readonly glances: readonly Glance[];
  /** Most jobs that had arrived and were not finished; null where there is always one. */
  readonly maxDepth: number | null;
  /** Virtual epoch ms. */
  readonly endsAt: number;
}

export const EPOCH_MS = 1_700_000_000_000;
/** A stretch of the simulation is at most this long, whatever the latency (ms). */
const STRETCH_MOST_MS = 250;
const STRETCH_LEAST_MS = 1;
/** From a permit to the API's decision (ms): the worker hears of its job, runs its processor, and sends. */
const TRANSIT_LEAST_MS = 0.5;
const TRANSIT_SPREAD_MS = 2.5;
/** A deferred job comes back no sooner (lua/commands/moveToDelayed.lua). */
const DEFER_LEAST_MS = 100;

/**
 * Runs a fleet against a modelled API in virtual time: the same Lua, the same state in a real Redis, only the clock is
 * ours. Deterministic by seed.
 */
export async function simulate(client: Client, simulation: Simulation): Promise<History> {
  const { queue, slots, seconds, seed, costs = [{ requests: 1 }], demand, signal, startsAt = EPOCH_MS } = simulation;
  const random = seededRandom(seed);
  await registerQueue(client, queue, startsAt);
  // What an earlier simulation left in flight never ends.
  await client.unlink(`${queueBase(queue.limiter.prefix, queue.name)}active`);
  const fleet = new VirtualFleet(client, queue, { slots, costs, backlog: demand ? 0 : null }, startsAt, seed);
  const network = new Network(simulation, costs, startsAt, random);
  const arrivals = demand ? arrivalTimes(demand, seconds * 1_000, random).map((at) => startsAt + at) : [];
  const returns: number[] = [];
  const glances: Glance[] = [];
  let depth = 0;
  let maxDepth = 0;

  const stretch = stretchOf(simulation);
  let now = startsAt;
  while (now < startsAt + seconds * 1_000 && !signal?.aborted) {
    const till = Math.min(now + stretch, startsAt + seconds * 1_000);
    const heard = network.answersBefore(till);
    const fresh = takeBefore(arrivals, till, same);
    const back = takeBefore(returns, till, same);
    const [fetched, glance] = await fleet.live(now, till, heard, [...fresh, ...back].sort(ascending));
    const throttled = network.carry(fetched, till);
    if (demand) for (const each of throttled) insertSorted(returns, returnsAt(each), same);
    glances.push({ ...glance, at: glance.at - startsAt, gate: Math.max(0, glance.gate - startsAt) });
    depth += fresh.length - heard.filter(({ outcome }) => outcome === "ok").length;
    maxDepth = Math.max(maxDepth, depth);
    now = till;
  }
  return { calls: network.calls, glances, maxDepth: demand ? maxDepth : null, endsAt: now };
}

/** What is between the fleet and the API: requests on their way to it, and its answers on their way back. */
class Network {
  readonly calls: Seen[] = [];
  readonly #simulation: Simulation;
  readonly #costs: readonly Readonly<Record<string, number>>[];
  readonly #startsAt: number;
  readonly #random: Random;
  readonly #requests: { readonly at: number; readonly job: Fetched }[] = [];
  readonly #answers: Heard[] = [];

  constructor(
    simulation: Simulation,
    costs: readonly Readonly<Record<string, number>>[],
    startsAt: number,
    random: Random,
  ) {
    this.#simulation = simulation;
    this.#costs = costs;
    this.#startsAt = startsAt;
    this.#random = random;
  }

  answersBefore(till: number): Heard[] {
    return takeBefore(this.#answers, till, atOf);
  }

  /** Sends the jobs' calls, and lets the API decide on all that reach it before `till`. Gives the refusals. */
  carry(fetched: readonly Fetched[], till: number): Heard[] {
    for (const job of fetched) {
      insertSorted(this.#requests, { at: job.at + TRANSIT_LEAST_MS + this.#random() * TRANSIT_SPREAD_MS, job }, atOf);
    }
    const answers = takeBefore(this.#requests, till, atOf).map(({ at, job }) => this.#answer(at, job));
    for (const answer of answers) insertSorted(this.#answers, answer, atOf);
    return answers.filter(({ outcome }) => outcome === "throttled");
  }

  #answer(at: number, { kind, permit }: Fetched): Heard {
    const { api, latency, refusalLatency, manners, telling } = this.#simulation;
    const endsAt = at + latency.sample(this.#random);
    const sinceStart = at - this.#startsAt;
    const cost = this.#costs[kind - 1] ?? {};
    const verdict = api.call({ at: sinceStart, endsAt: endsAt - this.#startsAt, cost });
    const counters = (telling && api.counters?.(sinceStart).map(telling)) ?? [];
    this.calls.push({ at: sinceStart, accepted: verdict.accepted, cost });
    const toldAt = (heardAt: number): Heard["told"] =>
      counters.length > 0 ? [Math.round(heardAt - at), ...counters] : 0;
    if (verdict.accepted)
      return { at: endsAt, kind, permit, outcome: "ok", retryAfterMs: 0, spent: null, told: toldAt(endsAt) };
    const heardAt = refusalLatency ? at + refusalLatency.sample(this.#random) : endsAt;
    return {
      at: heardAt,
      kind,
      permit,
      outcome: "throttled",
      retryAfterMs: manners(verdict),
      spent: null,
      told: toldAt(heardAt),
    };
  }
}

/** No answer comes sooner than a stretch is long. */
const stretchOf = ({ latency, refusalLatency = latency }: Simulation): number =>
  Math.min(STRETCH_MOST_MS, Math.max(STRETCH_LEAST_MS, Math.min(latency.leastMs, refusalLatency.leastMs)));

const returnsAt = ({ at, retryAfterMs }: Heard): number => at + Math.max(DEFER_LEAST_MS, retryAfterMs);
const atOf = ({ at }: { readonly at: number }): number => at;
const same = (at: number): number => at;
const ascending = (a: number, b: number): number => a - b;

/** Removes all that a simulation left behind; `kinds` is how many costs its jobs had. */
export async function cleanUp(client: Client, queue: Queue, kinds: number = 1): Promise<void> {
  const { prefix, namespace } = queue.limiter;
  const keys = ["@limiter", `@queue:${queue.name}`, "@queues", "@paused", "@calm"].map((key) => `${prefix}:${key}`);
  const own = ["wait", "active", "meta", "limiter", "marker", "events"].map((key) => `${prefix}:${queue.name}:${key}`);
  const costs = Array.from({ length: kinds }, (_, index) => `${prefix}:${queue.name}:${index + 1}`);
  await client.unlink(...keys, ...own, ...costs);
  await client.unlink(`${namespace}:@queues`);
}
