import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as after } from "node:timers/promises";
import { ChaosFleet, openFiles, until } from "./fleet.ts";
import { ownRedis } from "./own-redis.ts";
import { countsOf, enqueue, type Scene, withScene } from "./scene.ts";

const DURABLE = ["--appendonly", "yes", "--appendfsync", "always"];
const JOBS_A_ROUND = 50;

export interface AwayFigures {
  readonly rounds: number;
  readonly awayMs: number;
  readonly resumedAfterMs: { readonly median: number; readonly worst: number };
  readonly jobs: number;
  readonly lost: number;
  /** Of one process: after the first and after the last round. */
  readonly openFiles: { readonly first: number; readonly last: number };
  readonly listenerWarnings: number;
  readonly errorLinesPerSecondAway: number;
  readonly died: number;
}

/** Redis is killed and comes back, again and again. */
export async function redisAway(rounds: number, awayMs: number): Promise<AwayFigures> {
  const dir = mkdtempSync(join(tmpdir(), "chaos-redis-"));
  let redis = await ownRedis({ dir, args: DURABLE });
  const again = async (): Promise<void> => {
    await redis.kill();
    await after(awayMs);
    redis = await ownRedis({ dir, args: DURABLE, port: redis.port });
  };
  try {
    return await withScene(redis.url, (scene) => repeat(scene, rounds, awayMs, again));
  } finally {
    await redis.stop();
    rmSync(dir, { recursive: true, force: true });
  }
}

async function repeat(scene: Scene, rounds: number, awayMs: number, again: () => Promise<void>): Promise<AwayFigures> {
  const { redisUrl, namespace } = scene;
  const fleet = new ChaosFleet({ redis: redisUrl, namespace, processes: 2 });
  const resumed: number[] = [];
  const files: number[] = [];
  let jobs = 0;
  try {
    await fleet.ready();
    for (let round = 0; round < rounds; round++) {
      await enqueue(scene, jobs, JOBS_A_ROUND, 100);
      jobs += JOBS_A_ROUND;
      const before = (await countsOf(scene)).completed;
      await again();
      const left = jobs - before;
      resumed.push(await until(async () => left === 0 || (await countsOf(scene)).completed > before));
      await until(async () => (await countsOf(scene)).completed === jobs);
      files.push(openFiles(fleet.pids[0] ?? 0));
    }
    const sorted = resumed.toSorted((a, b) => a - b).map(Math.round);
    return {
      rounds,
      awayMs,
      resumedAfterMs: { median: sorted[Math.floor(sorted.length / 2)] ?? 0, worst: sorted.at(-1) ?? 0 },
      jobs,
      lost: jobs - (await countsOf(scene)).completed,
      openFiles: { first: files[0] ?? 0, last: files.at(-1) ?? 0 },
      listenerWarnings: fleet.count(/MaxListenersExceeded/g),
      errorLinesPerSecondAway: Math.round((fleet.count(/ error /g) / ((rounds * awayMs) / 1_000)) * 100) / 100,
      died: fleet.count(/ died /g),
    };
  } finally {
    await fleet.stop();
  }
}
