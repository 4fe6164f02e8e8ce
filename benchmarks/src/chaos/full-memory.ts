import { ChaosFleet, until } from "./fleet.ts";
import { ownRedis } from "./own-redis.ts";
import { countsOf, enqueue, type Scene, withScene } from "./scene.ts";

const BACKLOG = 3_000;
const ASKS = 200;

export interface MemoryFigures {
  readonly asked: number;
  readonly refusedByKind: Readonly<Record<string, number>>;
  readonly drained: number;
  readonly drainedInMs: number;
  readonly errorLines: number;
  readonly errorLinesPerSecond: number;
}

/** No byte more: producers are refused, the fleet works off what is there. */
export async function fullMemory(): Promise<MemoryFigures> {
  const redis = await ownRedis({});
  try {
    return await withScene(redis.url, fill);
  } finally {
    await redis.stop();
  }
}

async function fill(scene: Scene): Promise<MemoryFigures> {
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
    const errorLines = fleet.count(/ error /g);
    return {
      asked: ASKS,
      refusedByKind: refused,
      drained: (await countsOf(scene)).completed,
      drainedInMs: Math.round(drainedInMs),
      errorLines,
      errorLinesPerSecond: Math.round((errorLines / drainedInMs) * 100_000) / 100,
    };
  } finally {
    await redis.config("SET", "maxmemory", "0");
    await fleet.stop();
  }
}
