import { setTimeout as after } from "node:timers/promises";
import { ChaosFleet, until } from "./fleet.ts";
import { openLedger } from "./ledger.ts";
import { PERMITS_PER_SECOND } from "./queue.ts";
import { countsOf, enqueue, type Scene } from "./scene.ts";

const PROCESSES = 4;
const BEFORE_MS = 10_000;
/** With the call of the API, a run takes 120 ms: 20 slots do 166 a second. */
const WORK_MS = 100;
/** Throughput is looked at in steps of so long. */
const STEP_MS = 2_000;

export interface RollFigures {
  readonly rolledInMs: number;
  readonly jobs: number;
  readonly lost: number;
  readonly ranTwice: number;
  readonly perSecondBefore: number;
  readonly perSecondInWorstStep: number;
  readonly dipPercent: number;
  /** Between two calls of the API while it rolled. */
  readonly longestGapMs: number;
}

/**
 * SIGHUP under full load: all four processes are replaced, one after the other. Bound by the limit, the fleet also loses the permits
 * that nobody took in time: a bucket of 20 ms forgives no host that is late.
 */
export async function roll(scene: Scene, limited: boolean): Promise<RollFigures> {
  const { redisUrl, namespace } = scene;
  const ledger = await openLedger(10_000, 20);
  const fleet = new ChaosFleet({ redis: redisUrl, namespace, processes: PROCESSES, api: ledger.url, limited });
  try {
    const ids = await enqueue(scene, 0, PERMITS_PER_SECOND * (limited ? 40 : 80), WORK_MS);
    await fleet.ready();
    await after(BEFORE_MS);
    const from = performance.now();
    fleet.signal("SIGHUP");
    const rolledInMs = await until(() => fleet.count(/ rolled /g) === 1);
    const to = performance.now();
    await until(async () => (await countsOf(scene)).completed === ids.length);
    const rate = (since: number, till: number): number =>
      (ledger.accepted.filter((time) => time >= since && time < till).length / (till - since)) * 1_000;
    const before = rate(from - BEFORE_MS + STEP_MS, from);
    const steps: number[] = [];
    for (let step = from; step + STEP_MS <= Math.max(to, from + STEP_MS); step += STEP_MS / 4) {
      steps.push(rate(step, step + STEP_MS));
    }
    const worst = Math.min(...steps);
    return {
      rolledInMs: Math.round(rolledInMs),
      jobs: ids.length,
      lost: ids.filter((id) => !ledger.calls.has(id)).length,
      ranTwice: ids.filter((id) => (ledger.calls.get(id) ?? 0) > 1).length,
      perSecondBefore: Math.round(before * 10) / 10,
      perSecondInWorstStep: Math.round(worst * 10) / 10,
      longestGapMs: Math.round(longestGap(ledger.accepted.filter((time) => time >= from && time <= to))),
      dipPercent: Math.round((1 - worst / before) * 1_000) / 10,
    };
  } finally {
    await fleet.stop();
    ledger.close();
  }
}

const longestGap = (times: readonly number[]): number =>
  times.reduce((longest, time, index) => Math.max(longest, time - (times[index - 1] ?? time)), 0);
