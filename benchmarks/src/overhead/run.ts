import { Redis } from "ioredis";
import { removeKeys } from "../redis/remove-keys.ts";
import { versionOf } from "../redis/version.ts";
import { bullmq } from "./bullmq.ts";
import type { Contender } from "./contender.ts";
import { cpuTime, spent } from "./cpu.ts";
import { headgate, type LimiterKind } from "./headgate.ts";
import { type Figures, type Side, type Summary, summarize } from "./summary.ts";

export interface OverheadOptions {
  readonly connection: string;
  readonly pairs: number;
  readonly jobs: number;
  readonly limiter: LimiterKind;
  readonly json?: boolean;
}

/**
 * The pair before the first warms both sides up and is not counted. V8 compiles until about the 40,000th job: by then the CPU
 * time of one enqueue had come down from 45 to 23 us, on either side.
 */
const WARM_UP_JOBS = 40_000;

/** Pairs of runs in one process, the order within a pair alternating, so that what disturbs the machine disturbs both. */
export async function runOverhead({
  connection,
  pairs,
  jobs,
  limiter,
  json = false,
}: OverheadOptions): Promise<Summary> {
  const say = json ? console.error : console.log;
  const cleaner = new Redis(connection);
  const results: Record<Side, Figures[]> = { headgate: [], bullmq: [] };
  say(
    `overhead: ${pairs} pairs of ${jobs} jobs, limiter ${limiter}, Node ${process.version}, Redis ${await versionOf(cleaner)}`,
  );
  say(" pair  side      enqueue/s   p99 ms   process/s   CPU us/job: enqueue Node+Redis, process Node+Redis");
  for (let pair = 0; pair <= pairs; pair++) {
    const order: Side[] = pair % 2 === 0 ? ["bullmq", "headgate"] : ["headgate", "bullmq"];
    for (const side of order) {
      const namespace = `bench-${process.pid}-${pair}`;
      const contender = side === "headgate" ? headgate(connection, namespace, limiter) : bullmq(connection, namespace);
      const figures = await measure(contender, pair === 0 ? Math.min(jobs * 2, WARM_UP_JOBS) : jobs, cleaner);
      await removeKeys(cleaner, namespace);
      if (pair === 0) continue;
      results[side].push(figures);
      say(row(pair, side, figures));
    }
  }
  await cleaner.quit();

  const summary = summarize(results);
  say("");
  say("            Headgate    BullMQ   ratio (median of the pairs)");
  for (const name of ["enqueue", "process"] as const) {
    const { headgate: ours, bullmq: theirs, ratio } = summary[name];
    say(`${name.padEnd(10)}${String(ours).padStart(8)}/s${String(theirs).padStart(8)}/s   ${ratio.toFixed(3)}`);
  }
  say(`p99 of enqueue                  ${summary.p99.enqueueRatio.toFixed(3)}`);
  say(`CPU time   enqueue ${summary.cpu.enqueueRatio.toFixed(3)}, process ${summary.cpu.processRatio.toFixed(3)}`);
  const { cpu: _, ...figures } = summary;
  if (json) console.log(JSON.stringify(figures));
  return summary;
}

/** Enqueues and works off one fresh queue. */
async function measure(contender: Contender, jobs: number, redis: Redis): Promise<Figures> {
  const start = await cpuTime(redis);
  const { perSecond, p99Ms } = await contender.enqueue(jobs);
  const middle = await cpuTime(redis);
  const process = await contender.process(jobs);
  const end = await cpuTime(redis);
  await contender.close();
  return {
    enqueue: perSecond,
    p99: p99Ms,
    process,
    enqueueCpu: spent(start, middle, jobs),
    processCpu: spent(middle, end, jobs),
  };
}

const row = (pair: number, side: Side, { enqueue, p99, process, enqueueCpu, processCpu }: Figures): string =>
  [
    String(pair).padStart(5),
    `  ${side.padEnd(8)}`,
    enqueue.toFixed(0).padStart(11),
    p99.toFixed(1).padStart(9),
    process.toFixed(0).padStart(12),
    `${enqueueCpu.node.toFixed(0)}+${enqueueCpu.redis.toFixed(0)}`.padStart(12),
    `${processCpu.node.toFixed(0)}+${processCpu.redis.toFixed(0)}`.padStart(10),
  ].join("");
