import { setTimeout as sleep } from "node:timers/promises";
import { Redis } from "ioredis";
import { versionOf } from "../redis/version.ts";
import { round } from "../statistics.ts";
import { type Counts, countsOf } from "./counts.ts";
import { withFleet } from "./fleet.ts";

export interface ScaleOptions {
  readonly connection: string;
  readonly workers: readonly number[];
  /** Measured of each fleet. */
  readonly seconds: number;
  /** For the ceiling. */
  readonly jobs: number;
  readonly json?: boolean;
}

interface FleetFigures {
  readonly workers: number;
  /** EVALSHA of all workers over jobs. */
  readonly scriptsPerJob: number;
  /** Permits per second, of a hundred. */
  readonly achievedRate: number;
  readonly redisCpuPercent: number;
}

export interface ScaleFigures {
  readonly fleet: readonly FleetFigures[];
  readonly ceiling: { readonly permitsPerSecond: number };
}

const PER_SECOND = 100;
/** An API call takes about so long; ten are in flight then. */
const JOB_MS = 100;
/** All fleets together could run so many at once, whatever their size: only how they are cut differs. */
const SLOTS = 100;
/** A fleet that has just started asks more than one that runs. */
const WARM_UP_MS = 3_000;
const LOOK_MS = 50;

export async function runScale(options: ScaleOptions): Promise<ScaleFigures> {
  const { connection, json = false } = options;
  const say = json ? console.error : console.log;
  const redis = new Redis(connection);
  try {
    say(`scale: a limiter of ${PER_SECOND} permits/s, Node ${process.version}, Redis ${await versionOf(redis)}`);
    say(" workers   scripts per job   permits/s   CPU of Redis");
    const fleet: FleetFigures[] = [];
    for (const workers of options.workers) {
      const figures = await measureFleet(redis, options, workers);
      fleet.push(figures);
      say(row(figures));
    }
    const ceiling = await measureCeiling(redis, options);
    say("");
    say(`ceiling: ${ceiling.permitsPerSecond} permits per second of one Redis core (${ceiling.seen}/s were seen)`);
    const figures = { fleet, ceiling: { permitsPerSecond: ceiling.permitsPerSecond } };
    if (json) console.log(JSON.stringify(figures));
    return figures;
  } finally {
    redis.disconnect();
  }
}

function measureFleet(redis: Redis, { connection, seconds }: ScaleOptions, workers: number): Promise<FleetFigures> {
  const fleet = {
    connection,
    namespace: `scale-${process.pid}-${workers}`,
    limits: "hundred" as const,
    // Enough for the time in which 256 workers come up, too.
    jobs: PER_SECOND * (seconds + 30),
    workers,
    concurrency: Math.max(2, Math.ceil(SLOTS / workers)),
    jobMs: JOB_MS,
  };
  return withFleet(redis, fleet, async (completedKey) => {
    await reach(redis, completedKey, 1);
    await sleep(WARM_UP_MS);
    const from = await countsOf(redis, completedKey);
    await sleep(seconds * 1_000);
    const to = await countsOf(redis, completedKey);
    const ms = to.at - from.at;
    return {
      workers,
      scriptsPerJob: round((to.scripts - from.scripts) / (to.completed - from.completed), 3),
      achievedRate: round(rateOf(from, to), 2),
      redisCpuPercent: round((100 * (to.cpuMs - from.cpuMs)) / ms, 1),
    };
  });
}

/**
 * Permits per second of CPU time of Redis' one thread, while workers ask as fast as they can: on a machine whose cores are shared
 * with them, and with others, permits per second on the clock would be smaller and say how busy the machine is.
 */
function measureCeiling(
  redis: Redis,
  { connection, jobs }: ScaleOptions,
): Promise<{ readonly permitsPerSecond: number; readonly seen: number }> {
  const fleet = {
    connection,
    namespace: `scale-${process.pid}-ceiling`,
    limits: "never-bind" as const,
    jobs,
    workers: 4,
    concurrency: SLOTS,
    jobMs: 0,
  };
  return withFleet(redis, fleet, async (completedKey) => {
    // The first tenth warms up, in the last one some workers have nothing left to do.
    const from = await reach(redis, completedKey, 0.1 * jobs);
    const to = await reach(redis, completedKey, 0.9 * jobs);
    const permits = to.completed - from.completed;
    return {
      permitsPerSecond: Math.round((permits / (to.cpuMs - from.cpuMs)) * 1_000),
      seen: Math.round(rateOf(from, to)),
    };
  });
}

async function reach(redis: Redis, completedKey: string, completed: number): Promise<Counts> {
  for (;;) {
    if ((await redis.zcard(completedKey)) >= completed) return countsOf(redis, completedKey);
    await sleep(LOOK_MS);
  }
}

const rateOf = (from: Counts, to: Counts): number => ((to.completed - from.completed) / (to.at - from.at)) * 1_000;

const row = ({ workers, scriptsPerJob, achievedRate, redisCpuPercent }: FleetFigures): string =>
  [
    String(workers).padStart(8),
    scriptsPerJob.toFixed(2).padStart(18),
    achievedRate.toFixed(1).padStart(12),
    `${redisCpuPercent.toFixed(1)} %`.padStart(15),
  ].join("");
