import type { Command } from "commander";
import { chooseConnection, secretsOf } from "../config/connection.ts";
import { loadConfig } from "../config/load.ts";
import { oneOf, wholeNumber } from "../flags.ts";
import type { Surroundings } from "../program.ts";
import { stopSignals } from "../stop-signals.ts";
import { type LatencyRange, latencyRange, positiveNumber } from "./flags.ts";
import { APIS, RETRY_AFTERS, type SimulateFlags } from "./model.ts";

const LATENCY: LatencyRange = [50, 300];

interface SharedFlags {
  readonly config?: string;
  readonly redis?: string;
}

/** `headgate simulate`: needs a Redis, and a config only for `--limiter` or where no Redis is named. */
export function addSimulate(program: Command, { cwd, environment, output, finish }: Surroundings): void {
  program
    .command("simulate")
    .description("a fleet in front of a modelled API, in virtual time: goodput, throttled, time to settle, depth")
    .option("--api <kind>", `what limits it: ${APIS.join(", ")}`, oneOf(APIS), "token-bucket")
    .option(
      "--rate <n>",
      "calls per second that it accepts; calls in flight for concurrency",
      positiveNumber(100_000),
      100,
    )
    .option("--burst <n>", "most that a token bucket holds", wholeNumber(1, 1_000_000), 10)
    .option("--per <seconds>", "length of a window", positiveNumber(86_400), 1)
    .option("--seconds <n>", "how long, in virtual time", wholeNumber(1, 3_600), 60)
    .option("--workers <n>", "worker processes", wholeNumber(1, 256), 4)
    .option("--concurrency <n>", "jobs at once in each", wholeNumber(1, 1_000), 25)
    .option("--latency <range>", "how long a call takes, as 50-300ms or 80ms", latencyRange, LATENCY)
    .option("--retry-after <how>", `what a 429 says: ${RETRY_AFTERS.join(", ")}`, oneOf(RETRY_AFTERS), "honest")
    .option("--demand <n>", "jobs that arrive per second (default: there is always one)", positiveNumber(100_000))
    .option("--limiter <name>", "limits and concurrency of this limiter of the config (default: nothing is declared)")
    .option("--seed <n>", "the same numbers give the same run", wholeNumber(1, 1_000_000_000), 1)
    .action(async (flags: SimulateFlags) => {
      const { config: file, redis } = program.opts<SharedFlags>();
      const redisUrl = environment["REDIS_URL"];
      output.hide([...secretsOf(redis), ...secretsOf(redisUrl)]);
      const named = redis !== undefined || (redisUrl !== undefined && redisUrl !== "");
      const needsConfig = flags.limiter !== undefined || file !== undefined || !named;
      const config = needsConfig ? await loadConfig({ cwd, file, redis, redisUrl }) : undefined;
      const connection =
        config?.connection ?? chooseConnection({ flag: redis, environment: redisUrl, config: undefined });
      output.hide(secretsOf(connection));
      const stop = stopSignals();
      try {
        // Loaded only here: no other command needs the models.
        const { runSimulation } = await import("./run.ts");
        finish(await runSimulation({ connection, limiters: config?.limiters, output, signal: stop.signal }, flags));
      } finally {
        stop.dispose();
      }
    });
}
