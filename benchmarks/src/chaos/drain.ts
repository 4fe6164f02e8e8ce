import { ChaosFleet, until } from "./fleet.ts";
import { countsOf, enqueue, type Scene } from "./scene.ts";
import { atMost, exactly, type Outcome } from "./verdict.ts";

const PROCESSES = 4;
const SLOTS = 5 * PROCESSES;
const JOBS = 30;

/** SIGTERM while every slot runs a job of 30 s, with the default drain timeout of 25 s. */
export async function drain(scene: Scene): Promise<Outcome> {
  const { redisUrl, namespace, redis, queue } = scene;
  const fleet = new ChaosFleet({ redis: redisUrl, namespace, processes: PROCESSES });
  try {
    await fleet.ready();
    await enqueue(scene, 0, JOBS, 30_000);
    await until(async () => (await countsOf(scene)).active === SLOTS);
    const from = performance.now();
    fleet.signal("SIGTERM");
    const notReadyAfterMs = await until(async () => (await fleet.readiness()) === 503, 5_000);
    const exitCode = await fleet.ended;
    const endedAfterMs = performance.now() - from;
    const { wait, active, completed } = await countsOf(scene);
    const base = `${queue.bullmq.prefix}:${queue.name}:`;
    const ids = await redis.lrange(`${base}wait`, 0, -1);
    const attempts = await Promise.all(ids.map((id) => redis.hget(base + id, "atm")));
    const attemptsSpent = attempts.reduce((sum, spent) => sum + Number(spent ?? 0), 0);
    return {
      figures: { exitCode, endedAfterMs, notReadyAfterMs, backInWait: wait, attemptsSpent, completed, active },
      verdicts: [
        exactly(`SIGTERM, ${SLOTS} jobs of 30 s in hand: exit code`, exitCode, 0),
        atMost("… ended after", Math.round(endedAfterMs / 100) / 10, 27, " s"),
        atMost("… not ready after", Math.round(notReadyAfterMs), 1_000, " ms"),
        exactly("… back in wait", wait, JOBS),
        exactly("… attempts spent", attemptsSpent, 0),
        exactly("… in flight", active, 0),
      ],
    };
  } finally {
    await fleet.stop();
  }
}
