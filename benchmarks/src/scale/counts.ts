import type { Redis } from "ioredis";
import { cpuTime } from "../overhead/cpu.ts";

/** What Redis itself has counted, at one moment. */
export interface Counts {
  /** Redis' clock (ms). */
  readonly at: number;
  /** EVALSHA and EVAL, whoever sent them. */
  readonly scripts: number;
  readonly completed: number;
  /** CPU time of its main thread (ms). */
  readonly cpuMs: number;
}

export async function countsOf(redis: Redis, completedKey: string): Promise<Counts> {
  // One transaction: nothing of the fleet comes between.
  const replies = await redis.multi().time().info("commandstats").zcard(completedKey).exec();
  const [time, stats, completed] = (replies ?? []).map(([error, reply]) => {
    if (error) throw error;
    return reply;
  });
  const [seconds, micros] = time as [string | number, string | number];
  const { redis: cpuUs } = await cpuTime(redis);
  return {
    at: Number(seconds) * 1_000 + Number(micros) / 1_000,
    scripts: callsOf(stats as string, "evalsha") + callsOf(stats as string, "eval"),
    completed: completed as number,
    cpuMs: cpuUs / 1_000,
  };
}

/** From INFO commandstats; a command that was never called is not in it. */
export const callsOf = (stats: string, command: string): number =>
  Number(new RegExp(`^cmdstat_${command}:calls=(\\d+)`, "m").exec(stats)?.[1] ?? 0);
