import type { Queue } from "../define/queue.ts";
import type { Client } from "../redis/connection.ts";
import { registerQueue } from "../redis/register.ts";
import type { Api } from "./api/api.ts";
import { type Fetched, type Glance, type Heard, VirtualFleet } from "./fleet.ts";
import type { Latency } from "./latency.ts";
import type { Manners } from "./manners.ts";
import { insertSorted, takeBefore } from "./order.ts";
import { type Random, seededRandom } from "./random.ts";

export interface Simulation {
  /** Its limiter's namespace must be the simulation's own: see `cleanUp`. */
  readonly queue: Queue;
  readonly api: Api;
  readonly manners: Manners;
  readonly latency: Latency;
  /** How long a 429 takes; the same as an accepted call where it is left out. */
  readonly refusalLatency?: Latency;
  /** Jobs that run at once, over all workers. */
  readonly slots: number;
  readonly seconds: number;
  readonly seed: number;
  /** Each job has one of these costs, drawn evenly; default one request. */
  readonly costs?: readonly Readonly<Record<string, number>>[];
  /** Jobs per second that arrive at a moment (ms since the start); left out, there is always a job. */
  readonly demand?: (atMs: number) => number;
  /** Virtual epoch ms; a simulation that goes on where another ended starts later than it. */
  readonly startsAt?: number;
}

/** One call, in the order in which the API saw them. */
export interface Seen {
  /** ms since the start. */
  readonly at: number;
  readonly accepted: boolean;
}

export interface History {
  readonly calls: readonly Seen[];
  /** What the limiter paced at, every 50 ms or so; times since the start. */
  readonly glances: readonly Glance[];
  /** Most jobs that waited at once; 0 where there is always one. */
  readonly maxWaiting: number;
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
  const { queue, api, manners, latency, slots, seconds, seed, costs = [{ requests: 1 }], demand } = simulation;
  const { refusalLatency, startsAt = EPOCH_MS } = simulation;
  const random = seededRandom(seed);
  const endsAt = startsAt + seconds * 1_000;
  await registerQueue(client, queue, startsAt);
  const fleet = new VirtualFleet(client, queue, { slots, costs, backlog: demand ? 0 : null }, startsAt, seed);

  const arrivals = demand ? arrivalsOf(demand, seconds * 1_000, random).map((at) => at + startsAt) : [];
  const requests: { readonly at: number; readonly job: Fetched }[] = [];
  const answers: Heard[] = [];
  const calls: Seen[] = [];
  const glances: Glance[] = [];
  let maxWaiting = 0;

  const stretch = Math.min(STRETCH_MOST_MS, Math.max(STRETCH_LEAST_MS, leastOf(latency, refusalLatency)));
  for (let from = startsAt; from < endsAt; from += stretch) {
    const till = Math.min(from + stretch, endsAt);
    const [fetched, glance] = await fleet.live(
      from,
      till,
      takeBefore(answers, till, atOf),
      takeBefore(arrivals, till, same),
    );
    glances.push({ ...glance, at: glance.at - startsAt, gate: Math.max(0, glance.gate - startsAt) });
    maxWaiting = Math.max(maxWaiting, fleet.waiting);
    for (const job of fetched) insertSorted(requests, { at: transit(job.at, random), job }, atOf);
    for (const { at, job } of takeBefore(requests, till, atOf)) {
      const { kind, permit } = job;
      const endsAt = at + latency.sample(random);
      const verdict = api.call({ at: at - startsAt, endsAt: endsAt - startsAt, cost: costs[kind - 1] ?? {} });
      calls.push({ at: at - startsAt, accepted: verdict.accepted });
      if (verdict.accepted) {
        insertSorted(answers, { at: endsAt, kind, permit, outcome: "ok", retryAfterMs: 0, spent: null }, atOf);
        continue;
      }
      const heardAt = refusalLatency ? at + refusalLatency.sample(random) : endsAt;
      const retryAfterMs = manners(verdict);
      insertSorted(answers, { at: heardAt, kind, permit, outcome: "throttled", retryAfterMs, spent: null }, atOf);
      if (demand) insertSorted(arrivals, heardAt + Math.max(DEFER_LEAST_MS, retryAfterMs), same);
    }
  }
  return { calls, glances, maxWaiting, endsAt };
}

const atOf = ({ at }: { readonly at: number }): number => at;
const same = (at: number): number => at;
const transit = (at: number, random: Random): number => at + TRANSIT_LEAST_MS + random() * TRANSIT_SPREAD_MS;
const leastOf = (latency: Latency, other: Latency | undefined): number =>
  Math.min(latency.leastMs, other?.leastMs ?? latency.leastMs);

/** A Poisson process whose rate follows the demand (thinning). */
function arrivalsOf(demand: (atMs: number) => number, untilMs: number, random: Random): number[] {
  const most = Math.max(...Array.from({ length: 1_001 }, (_, index) => demand((index * untilMs) / 1_000)));
  const times: number[] = [];
  for (let at = 0; at < untilMs; ) {
    at -= (Math.log(1 - random()) * 1_000) / most;
    if (at < untilMs && random() * most < demand(at)) times.push(at);
  }
  return times;
}

/** Removes all that a simulation left behind. */
export async function cleanUp(client: Client, queue: Queue): Promise<void> {
  const { prefix, namespace } = queue.limiter;
  const keys = ["@limiter", `@queue:${queue.name}`, "@queues", "@paused", "@calm"].map((key) => `${prefix}:${key}`);
  const own = ["wait", "active", "meta", "limiter", "marker", "events"].map((key) => `${prefix}:${queue.name}:${key}`);
  await client.unlink(...keys, ...own);
  await client.unlink(`${namespace}:@queues`);
}
