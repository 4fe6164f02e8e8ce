import { setTimeout as after } from "node:timers/promises";
import { ChaosFleet, until } from "./fleet.ts";
import { openLedger } from "./ledger.ts";
import { type OwnRedis, ownRedis } from "./own-redis.ts";
import { countsOf, enqueue, type Scene, withScene } from "./scene.ts";
import { type Swallower, swallower } from "./swallower.ts";
import { atMost, exactly, type Outcome } from "./verdict.ts";

const JOBS = 300;
const WORK_MS = 100;
const IN_HAND = 10;

interface Place {
  readonly scene: Scene;
  readonly redis: OwnRedis;
  readonly network: Swallower;
}

/** What a Redis or a network does to a fleet without going away, and how soon it has to go on afterwards. */
interface Fault {
  readonly what: string;
  readonly resumesWithinMs: number;
  /** As many may run twice: none, or those whose lock was lost because it lasted too long. */
  readonly mayRunTwice: number;
  run(place: Place): Promise<void>;
}

export const faults: readonly Fault[] = [
  {
    what: "a replica for 5 s (failover)",
    resumesWithinMs: 2_000,
    mayRunTwice: 0,
    run: async ({ scene: { redis } }) => {
      // Of a master that is not there: it keeps what it has.
      await redis.replicaof("127.0.0.1", "1");
      await after(5_000);
      await redis.replicaof("NO", "ONE");
    },
  },
  {
    what: "SCRIPT FLUSH and CLIENT KILL every 100 ms for 2 s",
    resumesWithinMs: 2_000,
    mayRunTwice: 0,
    run: async ({ scene: { redis } }) => {
      for (let turn = 0; turn < 20; turn++) {
        await redis.script("FLUSH");
        await redis.call("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes");
        await after(100);
      }
    },
  },
  {
    what: "hangs for 12 s (SIGSTOP)",
    resumesWithinMs: 2_000,
    mayRunTwice: IN_HAND,
    run: async ({ redis: { pid } }) => {
      process.kill(pid, "SIGSTOP");
      await after(12_000);
      process.kill(pid, "SIGCONT");
    },
  },
  {
    what: "a network that swallows packets for 12 s",
    resumesWithinMs: 8_000,
    mayRunTwice: IN_HAND,
    run: async ({ network }) => {
      network.swallow();
      await after(12_000);
      network.restore();
    },
  },
];

export async function redisFaults(): Promise<Outcome> {
  const figures: Record<string, object> = {};
  const verdicts: Outcome["verdicts"][number][] = [];
  for (const fault of faults) {
    const redis = await ownRedis({});
    const network = await swallower(redis.port);
    try {
      const outcome = await withScene(redis.url, (scene) => suffer({ scene, redis, network }, fault));
      figures[fault.what] = outcome.figures;
      verdicts.push(...outcome.verdicts);
    } finally {
      network.close();
      await redis.stop();
    }
  }
  return { figures, verdicts };
}

async function suffer(place: Place, fault: Fault): Promise<Outcome> {
  const { scene, network } = place;
  const ledger = await openLedger(10_000, 5);
  const fleet = new ChaosFleet({ redis: network.url, namespace: scene.namespace, processes: 2, api: ledger.url });
  try {
    await fleet.ready();
    const ids = await enqueue(scene, 0, JOBS, WORK_MS);
    await until(() => ledger.accepted.length > 2 * IN_HAND);
    await fault.run(place);
    const before = ledger.accepted.length;
    const resumedMs = Math.round(await until(() => ledger.accepted.length > before, 60_000));
    await until(async () => (await countsOf(scene)).completed === JOBS, 60_000);
    const lost = ids.filter((id) => !ledger.calls.has(id)).length;
    const ranTwice = ids.filter((id) => (ledger.calls.get(id) ?? 0) > 1).length;
    const died = fleet.count(/ died /g);
    return {
      figures: { resumedMs, lost, ranTwice, mostTrouble: fleet.mostTrouble, died },
      verdicts: [
        atMost(`${fault.what}: goes on after`, resumedMs, fault.resumesWithinMs, " ms"),
        exactly("… lost, failed, or process died", lost + (await countsOf(scene)).failed + died, 0),
        atMost("… ran twice", ranTwice, fault.mayRunTwice),
        atMost("… lines of one kind of trouble in any second", fleet.mostTrouble, 1),
      ],
    };
  } finally {
    await fleet.stop();
    ledger.close();
  }
}
