import { Redis } from "ioredis";

export interface PrivateRedis {
  readonly port: number;
  readonly pid: number;
  kill(): Promise<void>;
}

/** What the development scripts start; they are plain modules, without types of their own. */
interface Scripts {
  startPrivateSentinels(options: { readonly replicas: number; readonly args: readonly string[] }): Promise<{
    readonly url: string;
    readonly primary: PrivateRedis;
    readonly replicas: readonly PrivateRedis[];
    stop(): Promise<void>;
  }>;
  startPrivateCluster(options: { readonly masters: number; readonly replicas: number }): Promise<{
    readonly url: string;
    readonly masters: readonly PrivateRedis[];
    readonly replicas: readonly PrivateRedis[];
    stop(): Promise<void>;
  }>;
}

/** A Redis with a spare, and who of them serves and who stands by for one limiter. */
export interface Site {
  readonly url: string;
  readonly primary: PrivateRedis;
  readonly replicas: readonly PrivateRedis[];
  /** Of a cluster: the limiter's key, and a master that does not hold it. */
  readonly slot?: { readonly key: string; readonly other: PrivateRedis };
  stop(): Promise<void>;
}

const scripts = async (): Promise<Scripts> =>
  (await import(new URL("../../../scripts/redis.mjs", import.meta.url).href)) as Scripts;

/**
 * A primary that cannot reach a replica for a second takes no more writes. It needs two of them: with one, the new primary of a
 * failover has none, and nobody could write until the old one is back.
 */
const GUARD = ["--min-replicas-to-write", "1", "--min-replicas-max-lag", "1"];

export async function sentinelSite(guarded: boolean): Promise<Site> {
  const { startPrivateSentinels } = await scripts();
  return startPrivateSentinels(guarded ? { replicas: 2, args: GUARD } : { replicas: 1, args: [] });
}

/** @param key a key of the limiter: its slot's master is the primary */
export async function clusterSite(key: string): Promise<Site> {
  const { startPrivateCluster } = await scripts();
  const { url, masters, replicas, stop } = await startPrivateCluster({ masters: 3, replicas: 1 });
  const node = new Redis(first(masters).port, "127.0.0.1");
  const slot = Number(await node.cluster("KEYSLOT", key));
  await node.quit();
  const index = Math.min(masters.length - 1, Math.floor((slot * masters.length) / 16_384));
  const at = (nodes: readonly PrivateRedis[]): PrivateRedis => nodes[index] ?? first(nodes);
  const other = first(masters.filter((_, at) => at !== index));
  return { url, primary: at(masters), replicas: [at(replicas)], slot: { key, other }, stop };
}

function first<T>(all: readonly T[]): T {
  const [one] = all;
  if (one === undefined) throw new Error("expected a server, got none");
  return one;
}
