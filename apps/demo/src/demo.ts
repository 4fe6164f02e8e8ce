import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { type Control, createControl } from "headgate/control";
import { Redis } from "ioredis";
import { ApiControl } from "./api-control.ts";
import { forget } from "./clean-up.ts";
import { Crew } from "./crew.ts";
import { DepthWatch } from "./depth.ts";
import { Follower } from "./follower.ts";
import { planFor } from "./plan.ts";
import { sectionsIn } from "./queue.ts";
import { ResultFolder } from "./results.ts";
import { type Summary, summarize } from "./summary.ts";
import type { View } from "./view.ts";

const WORKERS = ["worker-1", "worker-2"];
const LOOK_IF_DRAINED_EVERY_MS = 20;
/** A full queue takes 20 s at the API's lowest limit. What is not done by then counts as lost. */
const DRAIN_MOST_MS = 60_000;

export interface Run {
  readonly redisUrl: string;
  readonly seconds: number;
  readonly show: (view: View) => void;
  /** Ends the run early, with its reason as the error. */
  readonly signal: AbortSignal;
}

/** Runs the loop once, over four processes, and answers what became of every job. */
export async function runDemo(run: Run): Promise<Summary> {
  await using control = createControl({ connection: run.redisUrl });
  await control.ready(); // or the coded error of what is wrong with Redis
  const redis = new Redis(run.redisUrl);
  const namespace = `headgate-demo-${randomUUID().slice(0, 8)}`;
  // Aborted when anything goes wrong, in any process or in the background here; and at the end.
  const over = new AbortController();
  const crew = new Crew((error) => over.abort(error));
  const signal = AbortSignal.any([run.signal, over.signal]);
  const inBackground = (work: Promise<void>): void => {
    work.catch((error: unknown) => over.abort(error));
  };
  try {
    const played = play({ ...run, signal, namespace, control, redis, crew, inBackground });
    return await Promise.race([played, aborted(signal)]);
  } finally {
    over.abort();
    await crew.endAll();
    if (redis.status === "ready") await forget(redis, namespace);
    redis.disconnect();
  }
}

interface Stage extends Run {
  readonly namespace: string;
  readonly control: Control;
  readonly redis: Redis;
  readonly crew: Crew;
  readonly inBackground: (work: Promise<void>) => void;
}

async function play(stage: Stage): Promise<Summary> {
  const { redisUrl, seconds, show, signal, namespace, control, redis, crew, inBackground } = stage;
  const queue = sectionsIn(namespace);
  const plan = planFor(seconds);
  const folder = await ResultFolder.create();

  // Four processes: the API, two workers, and the producer last.
  const api = await crew.api({ DEMO_PER_SECOND: String(plan[0]?.perSecond) }).next("ready");
  const settings = { REDIS_URL: redisUrl, DEMO_NAMESPACE: namespace, DEMO_API_URL: api.url };
  const workers = WORKERS.map((name) => crew.worker(name, { ...settings, DEMO_RESULTS: folder.fileOf(name) }));
  const failedIds: string[] = [];
  for (const worker of workers) worker.on("failed", ({ id }) => failedIds.push(id));
  await Promise.all(workers.map((worker) => worker.next("ready")));
  const producer = crew.producer(settings);
  const producerDone = producer.next("done");

  // They run. The API's limit changes as planned, counted from the first call.
  const depth = new DepthWatch(redis, queue);
  inBackground(depth.run(signal));
  const apiControl = new ApiControl(api.controlUrl);
  const firstCallAt = await apiControl.firstCall();
  const totalMs = seconds * 1000;
  const endsAt = firstCallAt + totalMs;
  inBackground(apiControl.follow(plan, firstCallAt, signal));

  // Somebody watches.
  const follower = new Follower(
    { processes: crew.names, queue, control, api: apiControl, depth, firstCallAt, totalMs },
    show,
  );
  producer.on("state", (state) => follower.hear(state));
  inBackground(follower.run(signal));

  // Time is up: the producer stops, and what was accepted is finished.
  await Promise.race([sleep(endsAt - Date.now(), undefined, { signal }), producerDone]);
  producer.tellToStop();
  const { ids, state } = await producerDone;
  const ranOutOfDocuments = Date.now() < endsAt;
  follower.drain(state);
  const drainedAt = await drained(depth, signal);
  await follower.look();

  // The workers close, and everything is counted.
  const endings = workers.map((worker) => worker.next("done"));
  for (const worker of workers) worker.tellToStop();
  const deferred = (await Promise.all(endings)).reduce((sum, ending) => sum + ending.deferred, 0);
  const inAll = await apiControl.report();
  const busyUntil = ranOutOfDocuments ? (inAll.lastAcceptedAt ?? drainedAt) : endsAt;
  const { account: whileBusy } = await apiControl.report(busyUntil);
  return summarize({
    accepted: ids,
    failedIds,
    failed: depth.failed,
    results: await folder.merge(),
    api: inAll,
    whileBusy,
    producer: state,
    capacity: queue.capacity,
    maxDepth: depth.maxDepth,
    deferred,
    seconds: (drainedAt - firstCallAt) / 1000,
    file: folder.merged,
  });
}

/** When nothing was left to do. */
async function drained(depth: DepthWatch, signal: AbortSignal): Promise<number> {
  const giveUpAt = Date.now() + DRAIN_MOST_MS;
  while ((await depth.sample()) > 0 && Date.now() < giveUpAt) {
    await sleep(LOOK_IF_DRAINED_EVERY_MS, undefined, { signal });
  }
  return Date.now();
}

const aborted = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => {
    const fail = (): void => reject(signal.reason);
    if (signal.aborted) fail();
    else signal.addEventListener("abort", fail, { once: true });
  });
