import type { Redis } from "ioredis";

/** CPU time (us) of this process and of Redis' main thread: unlike jobs per second it does not depend on who else computes. */
export interface CpuTime {
  readonly node: number;
  readonly redis: number;
}

export async function cpuTime(client: Redis): Promise<CpuTime> {
  const info = await client.info("cpu");
  const { user, system } = process.cpuUsage();
  return { node: user + system, redis: (seconds(info, "used_cpu_user") + seconds(info, "used_cpu_sys")) * 1_000_000 };
}

export const spent = (from: CpuTime, to: CpuTime, jobs: number): CpuTime => ({
  node: (to.node - from.node) / jobs,
  redis: (to.redis - from.redis) / jobs,
});

/** Redis 6.2 and later count the main thread apart. */
const seconds = (info: string, name: string): number =>
  Number(
    (new RegExp(`^${name}_main_thread:(\\S+)`, "m").exec(info) ?? new RegExp(`^${name}:(\\S+)`, "m").exec(info))?.[1],
  );
