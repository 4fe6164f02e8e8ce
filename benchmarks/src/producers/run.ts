import { setTimeout as after } from "node:timers/promises";
import { Queue as BullQueue } from "bullmq";
import { createControl } from "headgate/control";
import { Redis } from "ioredis";
import { removeKeys } from "../redis/remove-keys.ts";
import { median, round } from "../statistics.ts";
import { clock, quantile } from "./clock.ts";
import { Fleet, type Taken } from "./fleet.ts";
import { defined, type Setting } from "./queue.ts";
import { type Accuracy, retryAfterOf } from "./retry-after.ts";

export interface ProducersBenchOptions {
  readonly connection: string;
  readonly processes: number;
  readonly seconds: number;
  readonly json?: boolean;
}

export interface Summary {
  readonly processes: number;
  /** Admissions of a process over the fairness run, as shares of the mean. */
  readonly fairness: { readonly admittedPerSecond: number; readonly least: number; readonly most: number };
  /** Scripts that Redis ran while all processes waited at `closed`, per process and second. */
  readonly waitingCommands: number;
  /** From when workers have made room for the first to when somebody has taken it (ms). */
  readonly roomMs: Quantiles;
  /** From an operator's resume, when there is room for all, to the admission of each process (ms): all wake at once. */
  readonly allAtOnceMs: Quantiles;
  /** From a 429 at the worker to the level change at a producer in another process (ms). */
  readonly levelMs: Quantiles;
  readonly retryAfter: Accuracy;
}

interface Quantiles {
  readonly p50: number;
  readonly p99: number;
  readonly count: number;
}

/** Waiters of a process: one at the head, and some behind it. */
const WAITERS = 3;
const RATE = 200;
const CAPACITY = 500;
/** So much that nothing ever closes. */
const ROOMY = 10_000_000;
const QUIET_SECONDS = 20;
const WAKES = 20;
/** Drained from full to where there is room in a quarter of a second. */
const TIGHT = 100;
const ROOMS = 60;
const REFUSALS = 100;
/** Of which a level change in another process is looked at. */
const LISTENERS = 3;

/** Many producer processes in front of one queue: who gets how much, how soon, and what waiting costs. */
export async function runProducers(options: ProducersBenchOptions): Promise<Summary> {
  const { connection, processes, seconds, json = false } = options;
  const say = json ? console.error : console.log;
  const redis = new Redis(connection);
  const namespace = `bench-${process.pid}-producers`;
  try {
    const setting: Setting = { connection, namespace, rate: RATE, capacity: CAPACITY };
    say(`producers: ${processes} processes, an API of ${RATE}/s, capacity ${CAPACITY}, Node ${process.version}`);
    const crowd = await crowded(setting, redis, processes, seconds, say);
    const roomMs = await roomTimes({ ...setting, namespace: `${namespace}-room`, capacity: TIGHT }, processes);
    say(`room: ${JSON.stringify(roomMs)}`);
    const allAtOnceMs = await wakeUps({ ...setting, namespace: `${namespace}-wake`, capacity: ROOMY }, processes);
    say(`all at once: ${JSON.stringify(allAtOnceMs)}`);
    const levelMs = await levelTimes({ ...setting, namespace: `${namespace}-level` });
    say(`level: ${JSON.stringify(levelMs)}`);
    const retryAfter = await retryAfterOf(connection, `${namespace}-retry`);
    const summary = { processes, ...crowd, roomMs, allAtOnceMs, levelMs, retryAfter };
    console.log(json ? JSON.stringify(summary) : JSON.stringify(summary, null, 2));
    return summary;
  } finally {
    await removeKeys(redis, namespace);
    for (const part of ["room", "wake", "level", "retry-20", "retry-100", "retry-400"])
      await removeKeys(redis, `${namespace}-${part}`);
    await redis.quit();
  }
}

async function crowded(
  setting: Setting,
  redis: Redis,
  processes: number,
  seconds: number,
  say: (line: string) => void,
): Promise<Pick<Summary, "fairness" | "waitingCommands">> {
  const fleet = await Fleet.start(setting, processes, WAITERS);
  const control = createControl({ connection: setting.connection });
  const { queue } = defined(setting);
  try {
    await fleet.worker.ask("start");
    await fleet.all("start");
    await after(3_000);
    await fleet.all("take");
    await after(seconds * 1_000);
    const counts = (await fleet.all<Taken>("take")).map(({ admitted }) => admitted.length);
    const total = counts.reduce((sum, count) => sum + count, 0);
    const mean = total / counts.length;
    const fairness = {
      admittedPerSecond: round(total / seconds, 1),
      least: round(Math.min(...counts) / mean, 2),
      most: round(Math.max(...counts) / mean, 2),
    };
    say(`fairness: ${JSON.stringify(fairness)}`);

    await control.pause(queue, { reason: "bench" });
    await fleet.worker.ask("close");
    await after(2_000);
    const before = await scriptsOf(redis);
    await after(QUIET_SECONDS * 1_000);
    const used = (await scriptsOf(redis)) - before;
    const waitingCommands = round(used / processes / QUIET_SECONDS, 3);
    say(`waiting: ${waitingCommands} commands per process and second`);
    await fleet.all("close");
    return { fairness, waitingCommands };
  } finally {
    await control.close();
    await fleet.end();
  }
}

/** The queue is filled at once, closes, and drains: how long after it has fallen far enough somebody is in. */
async function roomTimes(setting: Setting, processes: number): Promise<Quantiles> {
  const fleet = await Fleet.start(setting, processes, 1);
  const { queue } = defined(setting);
  const { name, prefix } = queue.bullmq;
  const bull = new BullQueue(name, { connection: { url: setting.connection } as never, prefix });
  const times: number[] = [];
  try {
    await fleet.worker.ask("start");
    await fleet.all("start");
    await after(2_000);
    for (let turn = 0; turn < ROOMS; turn++) {
      await fleet.all("take");
      await bull.addBulk(Array.from({ length: TIGHT }, () => ({ name, data: null })));
      await after(1_500);
      const taken = await fleet.all<Taken>("take");
      const closed = Math.min(...sinces(taken, "closed"));
      const room = Math.min(...sinces(taken, "slow").filter((since) => since > closed));
      const admitted = Math.min(...taken.flatMap((one) => one.admitted).filter((at) => at >= room));
      if (Number.isFinite(admitted - room)) times.push(admitted - room);
    }
    await fleet.all("close");
    return quantiles(times);
  } finally {
    await bull.close();
    await fleet.end();
  }
}

const sinces = (taken: readonly Taken[], which: string): number[] =>
  taken.flatMap(({ heard }) => heard.filter(({ level }) => level === which).map(({ since }) => since));

/** Every line is shut and opened again: how long after that its head is in. */
async function wakeUps(setting: Setting, processes: number): Promise<Quantiles> {
  const fleet = await Fleet.start(setting, processes, WAITERS);
  const control = createControl({ connection: setting.connection });
  const { queue } = defined(setting);
  const wakes: number[] = [];
  try {
    for (let turn = 0; turn < WAKES; turn++) {
      await control.pause(queue, { reason: "bench" });
      await fleet.all("one");
      await after(300);
      const at = clock();
      await control.resume(queue);
      await after(500);
      for (const { admitted } of await fleet.all<Taken>("take")) if (admitted[0]) wakes.push(admitted[0] - at);
    }
    await fleet.all("close");
    return quantiles(wakes);
  } finally {
    await control.close();
    await fleet.end();
  }
}

async function levelTimes(setting: Setting): Promise<Quantiles> {
  const fleet = await Fleet.start({ ...setting, capacity: 10_000 }, LISTENERS, 1);
  const control = createControl({ connection: setting.connection });
  const { limiter } = defined(setting);
  const times: number[] = [];
  try {
    await fleet.worker.ask("start");
    await fleet.all("start");
    await after(1_000);
    for (let turn = 0; turn < REFUSALS; turn++) {
      await fleet.all("take");
      await fleet.worker.ask("refuse");
      await after(100);
      const refusedAt = await fleet.worker.ask<number>("refusedAt");
      for (const { heard } of await fleet.all<Taken>("take")) {
        const closed = heard.find(({ level, at }) => level === "closed" && at >= refusedAt);
        if (closed) times.push(closed.at - refusedAt);
      }
      await control.resume(limiter);
      await after(50);
    }
    await fleet.all("close");
    return quantiles(times);
  } finally {
    await control.close();
    await fleet.end();
  }
}

const quantiles = (values: readonly number[]): Quantiles => ({
  p50: round(median(values), 1),
  p99: round(quantile(values, 0.99), 1),
  count: values.length,
});

/** Nothing else is asked of Redis by a producer or a worker. */
const scriptsOf = async (redis: Redis): Promise<number> =>
  Number(/^cmdstat_evalsha:calls=(\d+)/m.exec(await redis.info("commandstats"))?.[1]);
