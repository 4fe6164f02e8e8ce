import { setTimeout as after } from "node:timers/promises";
import { Redis } from "ioredis";
import type { Site } from "./site.ts";

/** What befalls a Redis; answers when it began (ms, monotonic). */
export type Event = (site: Site) => Promise<number>;

/** How long the replicas hear nothing before the primary dies. */
const LAG_MS = 3_000;

/** The primary is killed. */
export const death: Event = async ({ primary }) => {
  await primary.kill();
  return performance.now();
};

/** The primary is killed, and its replicas were cut off for a while before. */
export const deathBehind: Event = async (site) => {
  await cutOff(site);
  await after(LAG_MS);
  await site.primary.kill();
  const at = performance.now();
  for (const { pid } of site.replicas) process.kill(pid, "SIGCONT");
  return at;
};

/** The replicas stand still, and what is on its way to them is lost, as behind a broken network. */
async function cutOff({ primary, replicas }: Site): Promise<void> {
  for (const { pid } of replicas) process.kill(pid, "SIGSTOP");
  const client = new Redis(primary.port, "127.0.0.1");
  await client.client("KILL", "TYPE", "REPLICA");
  client.disconnect();
}
