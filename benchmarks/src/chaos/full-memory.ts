import { ChaosFleet, until } from "./fleet.ts";
import { ownRedis } from "./own-redis.ts";
import { PERMITS_PER_SECOND } from "./queue.ts";
import { countsOf, enqueue, type Scene, withScene } from "./scene.ts";
import { atMost, exactly, type Outcome } from "./verdict.ts";

const BACKLOG = 1_500;
const ASKS = 200;

/** No byte more: producers are refused, the fleet works off what is there. */
export async function fullMemory(): Promise<Outcome> {
  const redis = await ownRedis({});
  try {
    return await withScene(redis.url, fill);
  } finally {
    await redis.stop();
  }
}

async function fill(scene: Scene): Promise<Outcome> {
  const { redisUrl, namespace, redis, producer, queue } = scene;
  await enqueue(scene, 0, BACKLOG, 0);
  const fleet = new ChaosFleet({ redis: redisUrl, namespace, processes: 2 });
  try {
    await fleet.ready();
    await redis.config("SET", "maxmemory", "1000000");
    const from = performance.now();
    const refused: Record<string, number> = {};
    const asking = (async () => {
      for (let ask = 0; ask < ASKS; ask++) {
        const kind = await producer.enqueue(queue, { ms: 0 }, { onPressure: "refuse" }).then(
          (result) => (result.accepted ? "admitted" : result.reason),
          (error: { code?: string; details?: { kind?: string } }) =>
            `${error.code} ${error.details?.kind ?? ""}`.trim(),
        );
        refused[kind] = (refused[kind] ?? 0) + 1;
      }
    })();
    await until(async () => (await countsOf(scene)).completed >= BACKLOG);
    const drainedInMs = performance.now() - from;
    await asking;
    const drained = (await countsOf(scene)).completed;
    const admitted = refused["admitted"] ?? 0;
    return {
      figures: { asked: ASKS, refusedByKind: refused, drained, drainedInMs: Math.round(drainedInMs) },
      verdicts: [
        exactly(`no byte more: of ${ASKS} enqueues, admitted`, admitted, 0),
        exactly(`… of a backlog of ${BACKLOG}, drained`, drained, BACKLOG),
        atMost(
          "… in (its limit: 100/s)",
          Math.round(drainedInMs / 100) / 10,
          (BACKLOG / PERMITS_PER_SECOND) * 1.2,
          " s",
        ),
        atMost("… lines of one kind of trouble in any second", fleet.mostTrouble, 1),
      ],
    };
  } finally {
    await redis.config("SET", "maxmemory", "0");
    await fleet.stop();
  }
}
