import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import type { Queue } from "headgate";
import { type Client, type ConnectedWorkers, connectedWorkers, incompatibilities } from "headgate/internal";
import type { LoadedConfig } from "../config/load.ts";

/** Everything the checks judge by, read at one moment; the checks themselves ask nobody. */
export interface Facts {
  /** INFO server, memory and cluster, one after the other. */
  readonly info: string;
  /** Round trips of PING (ms). */
  readonly pingsMs: readonly number[];
  /** How far this machine's clock is ahead of Redis' (ms). */
  readonly clockAheadMs: number;
  readonly bullmq: BullmqFacts;
  /** Null where Redis does not say who is connected. */
  readonly workers: readonly { readonly queue: string; readonly connected: ConnectedWorkers | null }[];
  /** BullMQ queues without a hash tag, as `<prefix>:<name>`; looked for on a cluster only. */
  readonly untagged: readonly string[];
}

export interface BullmqFacts {
  /** In what the copy that Headgate runs on differs from what it composes with. */
  readonly differences: readonly string[];
  readonly version: string | null;
  /** The version that the project of the config gets when it imports bullmq; null when it has none of its own. */
  readonly projectVersion: string | null;
}

const PINGS = 20;

export async function readFacts(client: Client, config: Pick<LoadedConfig, "file" | "queues">): Promise<Facts> {
  const sections: string[] = [];
  for (const section of ["server", "memory", "cluster"]) sections.push(await client.info(section));
  const info = sections.join("\n");
  const pingsMs: number[] = [];
  for (let index = 0; index < PINGS; index++) {
    const at = performance.now();
    await client.ping();
    pingsMs.push(performance.now() - at);
  }
  const queues = [...config.queues.values()].map(({ queue }) => queue);
  return {
    info,
    pingsMs,
    clockAheadMs: await clockAhead(client),
    bullmq: bullmqOf(config.file),
    workers: await Promise.all(queues.map((queue) => workersOf(client, queue))),
    untagged: /^cluster_enabled:1/m.test(info) ? await untaggedQueues(client) : [],
  };
}

/** Half the round trip lies before Redis' look at its clock. */
async function clockAhead(client: Client): Promise<number> {
  const before = Date.now();
  const [seconds, micros] = await client.time();
  const after = Date.now();
  return Math.round((before + after) / 2 - (Number(seconds) * 1_000 + Number(micros) / 1_000));
}

async function workersOf(client: Client, queue: Queue): Promise<Facts["workers"][number]> {
  return { queue: queue.name, connected: await connectedWorkers(client, queue.bullmq.prefix, queue.bullmq.name) };
}

function bullmqOf(configFile: string): BullmqFacts {
  return {
    differences: incompatibilities(),
    version: versionFrom(import.meta.url),
    projectVersion: versionFrom(configFile),
  };
}

/** The bullmq that a module at this place gets. It has no `exports` map, so its package.json can be asked for. */
function versionFrom(place: string): string | null {
  try {
    const file = createRequire(place).resolve("bullmq/package.json");
    const { version } = JSON.parse(readFileSync(join(dirname(file), "package.json"), "utf8")) as { version: string };
    return version;
  } catch {
    return null;
  }
}

const MOST_SCANNED = 200_000;
const SCAN_COUNT = 1_000;

/** A queue's meta key is `<prefix>:<name>:meta`. */
async function untaggedQueues(client: Client): Promise<readonly string[]> {
  const nodes = "nodes" in client ? client.nodes("master") : [client];
  const found = new Set<string>();
  for (const node of nodes) {
    let cursor = "0";
    let scanned = 0;
    do {
      const [next, keys] = await node.scan(cursor, "MATCH", "*:*:meta", "COUNT", SCAN_COUNT);
      for (const key of keys) if (!/\{[^}]+\}/.test(key)) found.add(key.slice(0, -":meta".length));
      cursor = next;
      scanned += SCAN_COUNT;
    } while (cursor !== "0" && scanned < MOST_SCANNED);
  }
  return [...found].sort();
}
