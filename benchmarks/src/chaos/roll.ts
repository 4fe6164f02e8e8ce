import { setTimeout as after } from "node:timers/promises";
import { ChaosFleet, until } from "./fleet.ts";
import { longestGap, openLedger } from "./ledger.ts";
import { PERMITS_PER_SECOND } from "./queue.ts";
import { countsOf, enqueue, type Scene } from "./scene.ts";
import { atMost, exactly, type Outcome } from "./verdict.ts";

const PROCESSES = 4;
const SETTLE_MS = 2_000;
const BEFORE_MS = 8_000;
/** With the call of the API, a run takes 120 ms: 20 slots do 166 a second. */
const WORK_MS = 100;
/** Throughput is looked at in steps of so long, each half a second after the one before. */
const STEP_MS = 2_000;
const BACKLOG = 5 * PERMITS_PER_SECOND;
const MOST_DIP_PERCENT = 30;

/**
 * SIGHUP under full load: all four processes are replaced, one after the other. The dip is the worst 2 s from the signal until 2 s
 * after the last process was replaced, against the 8 s before; what others on the machine do shows in the worst 2 s of those 8. Bound by the limit, the fleet also loses the permits that nobody
 * took in time: a bucket of 20 ms forgives no host that is late.
 */
export async function roll(scene: Scene, limited: boolean): Promise<Outcome> {
  const { redisUrl, namespace } = scene;
  const ledger = await openLedger(10_000, 20);
  const fleet = new ChaosFleet({ redis: redisUrl, namespace, processes: PROCESSES, api: ledger.url, limited });
  const stop = new AbortController();
  const ids: string[] = [];
  try {
    const producing = produce(scene, ids, stop.signal);
    await fleet.ready();
    await after(SETTLE_MS + BEFORE_MS);
    const from = performance.now();
    fleet.signal("SIGHUP");
    const rolledInMs = await until(() => fleet.count(/ rolled /g) === 1);
    const to = performance.now();
    await after(STEP_MS);
    stop.abort();
    await producing;
    await until(async () => (await countsOf(scene)).completed === ids.length);
    const rate = (since: number, till: number): number =>
      (ledger.accepted.filter((time) => time >= since && time < till).length / (till - since)) * 1_000;
    const before = rate(from - BEFORE_MS, from);
    const worstOf = (since: number, till: number): number => {
      const starts = Array.from(
        { length: Math.ceil((till - since) / (STEP_MS / 4)) + 1 },
        (_, at) => since + (at * STEP_MS) / 4,
      );
      return Math.min(...starts.map((start) => rate(start, start + STEP_MS)));
    };
    const worst = worstOf(from, to);
    const dipOf = (least: number): number => Math.max(0, Math.round((1 - least / before) * 1_000) / 10);
    const noisePercent = dipOf(worstOf(from - BEFORE_MS, from - STEP_MS));
    const lost = ids.filter((id) => !ledger.calls.has(id)).length;
    const ranTwice = ids.filter((id) => (ledger.calls.get(id) ?? 0) > 1).length;
    const dipPercent = dipOf(worst);
    const longestGapMs = Math.round(longestGap(ledger.accepted.filter((time) => time >= from && time <= to)));
    return {
      figures: { rolledInMs, jobs: ids.length, lost, ranTwice, before, worst, dipPercent, noisePercent, longestGapMs },
      verdicts: [
        exactly(
          `SIGHUP at ${Math.round(before)} jobs/s, rolled in ${(rolledInMs / 1_000).toFixed(1)} s: lost`,
          lost,
          0,
        ),
        exactly("… ran twice", ranTwice, 0),
        atMost(
          `… dip of the worst 2 s against the 8 s before (their own worst: ${noisePercent} %)`,
          dipPercent,
          MOST_DIP_PERCENT,
          " %",
        ),
        exactly("… processes that died", fleet.count(/ died /g), 0),
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
    if (wait < BACKLOG) ids.push(...(await enqueue(scene, ids.length, PERMITS_PER_SECOND, WORK_MS)));
    await after(100);
  }
}
