import type { Queue } from "../define/queue.ts";
import { headgateError } from "../errors.ts";
import { type Client, isCluster } from "../redis/connection.ts";
import { limiterKey, movingKey, queueBase, registryKey } from "../redis/keys.ts";
import { runScript } from "../redis/scripts.ts";

export interface Moved {
  readonly queue: string;
  readonly from: string;
  readonly to: string;
  /** Keys that were moved; 0 when the queue was there already. */
  readonly keys: number;
  /** Jobs that wait there now, delayed ones included. */
  readonly jobs: number;
}

/** BullMQ's own lists are moved last: until then every job can be found under its old name, and the move be run again. */
const LISTS = ["wait", "paused", "prioritized", "delayed", "completed", "failed", "meta"];
const PAGE = 500;

/**
 * Jobs are renamed, key by key. The queue is paused under its old name first, so nobody takes a job or adds one while
 * they are under way; what is not done when this process dies is done by the next call (`@moving` says that one began).
 */
export async function moveQueue(client: Client, queue: Queue): Promise<Moved> {
  const { namespace, name: to, prefix } = queue.limiter;
  const from = await client.hget(registryKey(namespace), queue.name);
  if (from === null) throw headgateError("HG_NOT_REGISTERED", { got: queue.name });
  const source = queueBase(`{${namespace}:${from}}`, queue.name);
  const target = queueBase(prefix, queue.name);
  if (from === to) return { queue: queue.name, from, to, keys: 0, jobs: await waitingJobs(client, target) };

  const began = await client.hget(movingKey(namespace), queue.name);
  if (began === null) await claimTarget(client, queue, target);
  else if (began !== to) throw blocked(queue.name, `a move to limiter "${began}" began and was cut off: end it first`);
  const wasPaused = await hold(client, queue, from, source);
  await checkMovable(client, queue, from, source, wasPaused);

  const keys = await renameAll(client, source, target);
  // The gate's mirror (lua/lib/gate.lua) belongs to the old limiter, and so does what a sleeping worker waits for.
  await client.del(`${target}limiter`, `${target}marker`);
  await client.hdel(`${target}meta`, "max", "duration", ...(wasPaused ? [] : ["paused"]));
  await client.hset(registryKey(namespace), queue.name, to);
  await pull(client, queue, from, "leaveQueue");
  await client.hdel(movingKey(namespace), queue.name, pausedField(queue));
  return { queue: queue.name, from, to, keys, jobs: await waitingJobs(client, target) };
}

const pausedField = ({ name }: Queue): string => `${name}:paused`;

/** One of the operator's levers on the limiter that the queue leaves. */
async function pull(client: Client, { name, limiter }: Queue, from: string, lever: string): Promise<void> {
  const prefix = `{${limiter.namespace}:${from}}`;
  await runScript(client, "control", [limiterKey(prefix), prefix, lever, name, "", "headgate move", ""]);
}

/** Under the new name there must be no jobs yet: two queues cannot be poured into one. */
async function claimTarget(client: Client, queue: Queue, target: string): Promise<void> {
  const there = await waitingJobs(client, target);
  if (there > 0) throw blocked(queue.name, `${there} jobs already stand under limiter "${queue.limiter.name}"`);
}

/** Nobody takes from it, nobody adds to it. Answers whether an operator had paused it before the move began. */
async function hold(client: Client, queue: Queue, from: string, source: string): Promise<boolean> {
  const moving = movingKey(queue.limiter.namespace);
  const known = await client.hget(moving, pausedField(queue));
  if (known !== null) return known === "1";
  const paused = await client.hexists(`${source}meta`, "paused");
  await client.hset(moving, queue.name, queue.limiter.name, pausedField(queue), paused);
  if (paused === 0) {
    await client.hset(`${source}meta`, "paused", "1");
    await pull(client, queue, from, "pauseQueue");
  }
  return paused === 1;
}

async function checkMovable(
  client: Client,
  queue: Queue,
  from: string,
  source: string,
  wasPaused: boolean,
): Promise<void> {
  const [active, parents, child] = await Promise.all([
    client.llen(`${source}active`),
    client.zcard(`${source}waiting-children`),
    firstChild(client, source),
  ]);
  const why =
    active > 0
      ? `${active} jobs run: stop its workers, or wait until they have ended`
      : parents > 0
        ? `${parents} jobs wait for children, whose keys name this limiter`
        : child === null
          ? null
          : `job ${child} has a parent, whose key names this limiter`;
  if (why === null) return;
  // Nothing was moved: it goes on as it was.
  await client.hdel(movingKey(queue.limiter.namespace), queue.name, pausedField(queue));
  if (!wasPaused) {
    await client.hdel(`${source}meta`, "paused");
    await pull(client, queue, from, "resumeQueue");
  }
  throw blocked(queue.name, why);
}

async function firstChild(client: Client, source: string): Promise<string | null> {
  const [wait, prioritized, delayed] = await Promise.all([
    client.lrange(`${source}wait`, 0, -1),
    client.zrange(`${source}prioritized`, "0", "-1"),
    client.zrange(`${source}delayed`, "0", "-1"),
  ]);
  const ids = [...wait, ...prioritized, ...delayed];
  for (let at = 0; at < ids.length; at += PAGE) {
    const page = ids.slice(at, at + PAGE);
    const parents = await Promise.all(page.map((id) => client.hget(source + id, "parentKey")));
    const index = parents.findIndex((parent) => parent !== null);
    if (index >= 0) return page[index] ?? null;
  }
  return null;
}

async function renameAll(client: Client, source: string, target: string): Promise<number> {
  const last = new Set(LISTS.map((list) => source + list));
  const keys = await keysOf(client, source);
  const ordered = [...keys.filter((key) => !last.has(key)), ...keys.filter((key) => last.has(key))];
  for (let at = 0; at < ordered.length; at += PAGE) {
    const page = ordered.slice(at, at + PAGE);
    await Promise.all(page.map((key) => rename(client, key, target + key.slice(source.length))));
  }
  return ordered.length;
}

async function keysOf(client: Client, source: string): Promise<readonly string[]> {
  const nodes = isCluster(client) ? client.nodes("master") : [client];
  const keys = new Set<string>();
  for (const node of nodes) {
    let cursor = "0";
    do {
      const [next, page] = await node.scan(cursor, "MATCH", `${source}*`, "COUNT", 1_000);
      for (const key of page) keys.add(key);
      cursor = next;
    } while (cursor !== "0");
  }
  return [...keys];
}

/** Two limiters are two hash slots: on a cluster a key is copied and then removed. */
async function rename(client: Client, from: string, to: string): Promise<void> {
  if (!isCluster(client)) {
    await client.rename(from, to);
    return;
  }
  const [dump, ttl] = await Promise.all([client.dumpBuffer(from), client.pttl(from)]);
  if (dump === null) return;
  await client.restore(to, Math.max(0, ttl), dump, "REPLACE");
  await client.unlink(from);
}

async function waitingJobs(client: Client, base: string): Promise<number> {
  const counts = await Promise.all([
    client.llen(`${base}wait`),
    client.llen(`${base}paused`),
    client.llen(`${base}active`),
    client.zcard(`${base}prioritized`),
    client.zcard(`${base}delayed`),
    client.zcard(`${base}waiting-children`),
  ]);
  return counts.reduce((sum, count) => sum + count, 0);
}

const blocked = (queue: string, why: string): Error =>
  headgateError("HG_MOVE_BLOCKED", { what: `queue "${queue}"`, message: `It cannot be moved: ${why}` });
