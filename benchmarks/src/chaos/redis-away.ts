import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as after } from "node:timers/promises";
import { ChaosFleet, openFiles, until } from "./fleet.ts";
import { ownRedis } from "./own-redis.ts";
import { countsOf, enqueue, type Scene, withScene } from "./scene.ts";
import { atMost, exactly, type Outcome, verdict } from "./verdict.ts";

const DURABLE = ["--appendonly", "yes", "--appendfsync", "always"];
const JOBS_A_ROUND = 50;

/** Redis is killed and comes back, again and again. */
export async function redisAway(rounds: number, awayMs: number): Promise<Outcome> {
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

async function repeat(scene: Scene, rounds: number, awayMs: number, again: () => Promise<void>): Promise<Outcome> {
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
    const [median = 0, worst = 0] = [sorted[Math.floor(sorted.length / 2)], sorted.at(-1)];
    const [first = 0, last = 0] = [files[0], files.at(-1)];
    const lost = jobs - (await countsOf(scene)).completed;
    const listenerWarnings = fleet.count(/MaxListenersExceeded/g);
    const died = fleet.count(/ died /g);
    return {
      figures: { rounds, awayMs, resumedAfterMs: { median, worst }, jobs, lost, openFiles: { first, last }, died },
      verdicts: [
        atMost(`Redis away ${rounds} x ${awayMs / 1_000} s: goes on after, at worst`, worst, 2_000, " ms"),
        exactly(`… of ${jobs} jobs, lost`, lost, 0),
        verdict("… open files, first and last round", `${first}, ${last}`, "flat", last <= first + 1),
        exactly("… warnings of listeners", listenerWarnings, 0),
        exactly("… processes that died", died, 0),
        atMost("… lines of one kind of trouble in any second", fleet.mostTrouble, 1),
      ],
    };
  } finally {
    await fleet.stop();
  }
}
