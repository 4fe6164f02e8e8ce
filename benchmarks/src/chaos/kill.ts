import { setTimeout as after } from "node:timers/promises";
import { ChaosFleet, until } from "./fleet.ts";
import { longestGap, mostInASecond, openLedger } from "./ledger.ts";
import { PERMITS_PER_SECOND } from "./queue.ts";
import { countsOf, enqueue, type Scene } from "./scene.ts";
import { atMost, exactly, type Outcome } from "./verdict.ts";

const PROCESSES = 4;
const API_PER_SECOND = PERMITS_PER_SECOND * 1.1;
const EVERY_MS = 2_500;
/** Against 110 calls a second: no more refused in any second than its answers arrive unevenly. */
const MOST_THROTTLED = 5;

/** kill -9 of a random process of four, again and again, in front of an API that allows little more than is declared. */
export async function kill(scene: Scene, kills: number): Promise<Outcome> {
  const { redisUrl, namespace, control, queue } = scene;
  const ledger = await openLedger(API_PER_SECOND, 20);
  const fleet = new ChaosFleet({ redis: redisUrl, namespace, processes: PROCESSES, api: ledger.url });
  const ids: string[] = [];
  const stop = new AbortController();
  try {
    await fleet.ready();
    const producing = produce(scene, ids, stop.signal);
    let inTheirHands = 0;
    for (let count = 0; count < kills; count++) {
      await after(EVERY_MS);
      // Where processes start slowly, no faster than they come back.
      await until(() => fleet.count(/ ready /g) >= PROCESSES + count, 60_000);
      const { pids } = fleet;
      const victim = pids[Math.floor(Math.random() * pids.length)];
      if (victim === undefined) throw new Error("no process of the fleet is left");
      process.kill(victim, "SIGKILL");
      inTheirHands += 5;
    }
    const lastKill = performance.now();
    stop.abort();
    await producing;
    await until(async () => {
      const { completed, failed } = await countsOf(scene);
      return completed + failed >= ids.length;
    });
    const { completed, failed } = await countsOf(scene);
    const ranTwice = ids.reduce((sum, id) => sum + Math.max(0, (ledger.calls.get(id) ?? 0) - 1), 0);
    const { inFlight } = await control.status(queue.limiter);
    const lost = ids.length - completed - failed;
    const throttledInWorstSecond = mostInASecond(ledger.throttled);
    const longestGapMs = Math.round(longestGap(ledger.accepted.filter((time) => time <= lastKill)));
    return {
      figures: {
        kills,
        jobs: ids.length,
        lost,
        failed,
        ranTwice,
        inTheirHands,
        throttledInWorstSecond,
        longestGapMs,
        inFlight,
      },
      verdicts: [
        exactly(`${kills} x kill -9, ${ids.length} jobs: lost`, lost, 0),
        exactly("… failed", failed, 0),
        atMost("… ran twice, of those in the killed ones' hands", ranTwice, inTheirHands),
        atMost("… 429s in the worst second", throttledInWorstSecond, MOST_THROTTLED),
        atMost("… longest time without a call", longestGapMs, 1_000, " ms"),
        exactly("… in flight at the end", inFlight, 0),
        atMost("… lines of one kind of trouble in any second", fleet.mostTrouble, 1),
      ],
    };
  } finally {
    stop.abort();
    await fleet.stop();
    ledger.close();
  }
}

/** Keeps a backlog of a few seconds. */
async function produce(scene: Scene, ids: string[], stop: AbortSignal): Promise<void> {
  while (!stop.aborted) {
    const { wait } = await countsOf(scene);
    if (wait < 3 * PERMITS_PER_SECOND) ids.push(...(await enqueue(scene, ids.length, PERMITS_PER_SECOND, 20)));
    await after(100);
  }
}
