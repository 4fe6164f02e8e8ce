import type { Limiter } from "../define/limiter.ts";
import type { Queue } from "../define/queue.ts";
import { limiterDefinition, queueDefinition } from "../define/registration.ts";
import { headgateError } from "../errors.ts";
import type { Client } from "./connection.ts";
import { limiterKey, queueBase, queueKey, registryKey } from "./keys.ts";
import { runScript } from "./scripts.ts";

/** In-flight is summed over a limiter's queues in every script, so their number is bounded. */
const MOST_QUEUES = 64;

export async function registerLimiter(client: Client, limiter: Limiter): Promise<void> {
  const { json, hash } = limiterDefinition(limiter);
  const key = limiterKey(limiter.prefix);
  const answer = await runScript(client, "register", [
    key,
    key,
    limiter.prefix,
    json,
    hash,
    limiter.revision ?? "",
    "",
    "",
    "",
    "",
    MOST_QUEUES,
    "",
  ]);
  checkFormat(answer, limiter);
}

/** Two versions of Headgate that pack a limiter's state differently cannot work on it at the same time. */
function checkFormat(answer: unknown, { name }: Limiter): void {
  const theirs = /^format (\d+)$/.exec(String(answer))?.[1];
  if (theirs === undefined) return;
  throw headgateError("HG_STATE_FORMAT", { what: `limiter "${name}"`, got: `format ${theirs}` });
}

/** `now`: time to use instead of Redis' own (ms), for the simulator. */
export async function registerQueue(client: Client, queue: Queue, now: number | "" = ""): Promise<void> {
  const { limiter } = queue;
  const claimed = await claimName(client, queue);
  const own = limiterDefinition(limiter);
  const { json, hash } = queueDefinition(queue);
  const answer = await runScript(client, "register", [
    limiterKey(limiter.prefix),
    queueKey(limiter.prefix, queue.name),
    limiter.prefix,
    own.json,
    own.hash,
    limiter.revision ?? "",
    queue.name,
    json,
    hash,
    queue.revision ?? "",
    MOST_QUEUES,
    now,
  ]);
  checkFormat(answer, limiter);
  if (answer === "full") {
    if (claimed) await client.hdel(registryKey(limiter.namespace), queue.name);
    throw headgateError("HG_LIMITER_FULL", {
      expected: `at most ${MOST_QUEUES} queues on ${limiter.name}`,
      got: queue.name,
    });
  }
}

/**
 * A queue that holds jobs stays with its limiter: its jobs would be stranded under the old one's keys. Answers whether the
 * name was claimed now.
 */
async function claimName(client: Client, queue: Queue): Promise<boolean> {
  const registry = registryKey(queue.limiter.namespace);
  const known = await client.hget(registry, queue.name);
  if (known === queue.limiter.name) return false;
  if (known !== null) {
    const held = await countJobs(client, `{${queue.limiter.namespace}:${known}}`, queue.name);
    if (held > 0) {
      throw headgateError("HG_QUEUE_MOVED", {
        expected: `queue "${queue.name}" on limiter "${known}", where it holds ${held} jobs`,
        got: `limiter "${queue.limiter.name}"`,
      });
    }
    // Its old limiter shares what it has among fewer queues from now on.
    const old = `{${queue.limiter.namespace}:${known}}`;
    await runScript(client, "control", [limiterKey(old), old, "leaveQueue", queue.name, "", "", ""]);
  }
  await client.hset(registry, queue.name, queue.limiter.name);
  return true;
}

async function countJobs(client: Client, prefix: string, name: string): Promise<number> {
  const base = queueBase(prefix, name);
  const lists = ["wait", "active", "paused"].map((state) => client.llen(base + state));
  const sets = ["prioritized", "delayed", "waiting-children"].map((state) => client.zcard(base + state));
  const counts = await Promise.all([...lists, ...sets]);
  return counts.reduce((sum, count) => sum + count, 0);
}
