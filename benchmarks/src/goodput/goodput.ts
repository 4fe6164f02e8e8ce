import { Redis } from "ioredis";
import { batchesOf } from "./batches.ts";
import type { ContenderName } from "./contenders/index.ts";
import { CpuLoad } from "./cpu-load.ts";
import { saveResults } from "./record.ts";
import type { Result } from "./result.ts";
import { run } from "./run.ts";
import type { Scenario } from "./scenario.ts";
import { header, row } from "./table.ts";

export interface GoodputOptions {
  readonly connection: string;
  readonly scenarios: readonly Scenario[];
  readonly contenders: readonly ContenderName[];
  /** Of every run; default: the scenario's own. */
  readonly seconds?: number;
  readonly warm?: boolean;
  readonly json?: boolean;
  /** Runs at the same time. */
  readonly together: number;
  /** Where results and traces are kept for `figures`; null: nowhere. */
  readonly record: string | null;
}

/** Above this share of all cores the machine, and not the limiter, decides. */
const BUSY = 0.85;

export async function runGoodput(options: GoodputOptions): Promise<Result[]> {
  const { connection, warm = false, json = false, together, record } = options;
  const say = json ? console.error : console.log;
  const redis = new Redis(connection);
  const results: Result[] = [];
  const batches = batchesOf(options.scenarios, options.contenders, together);
  try {
    say(
      `goodput: ${batches.flat().length} runs, ${together} at a time, Node ${process.version}${warm ? ", warm" : ""}`,
    );
    say(header);
    for (const [index, batch] of batches.entries()) {
      const load = new CpuLoad();
      const done = await Promise.all(
        batch.map(({ scenario, contender }, place) => {
          const namespace = `goodput-${process.pid}-${index}-${place}`;
          const seconds = options.seconds ?? scenario.seconds;
          return run(redis, { connection, scenario, contender, seconds, warm, namespace });
        }),
      );
      const busy = load.busy();
      for (const result of done) {
        say(row(result));
        for (const complaint of result.complaints)
          say(`  ! ${complaint.trim().split("\n").slice(0, 3).join("\n    ")}`);
      }
      if (busy > BUSY)
        say(`  ! the cores were busy for ${(busy * 100).toFixed(0)} % of the time: run fewer --together`);
      results.push(...done);
      if (record) await saveResults(record, done);
    }
  } finally {
    redis.disconnect();
  }
  if (json) console.log(JSON.stringify(results.map(({ figures }) => figures)));
  return results;
}
