import { availableParallelism } from "node:os";
import { Command, InvalidArgumentError, Option } from "commander";
import { experiments, runChaos } from "./chaos/chaos.ts";
import { dialectNames } from "./dialects/dialects.ts";
import { runDialects } from "./dialects/run.ts";
import { runExplain } from "./explain/explain.ts";
import { scenarios as explained } from "./explain/scenarios.ts";
import { runFailover, trialNames } from "./failover/run.ts";
import { drawFigures } from "./figures/figures.ts";
import { runGateway } from "./gateway/run.ts";
import { contenderNames } from "./goodput/contenders/index.ts";
import { runGoodput } from "./goodput/goodput.ts";
import { scenarioOf, scenarios } from "./goodput/scenario.ts";
import { runMillion } from "./million/run.ts";
import { runOverhead } from "./overhead/run.ts";
import { runProducers } from "./producers/run.ts";
import { runRestarts } from "./restarts/run.ts";
import { runScale } from "./scale/scale.ts";
import { runSimulate } from "./simulate/run.ts";
import { runSizes } from "./sizes/run.ts";

const connection = process.env["REDIS_URL"];
if (!connection) {
  console.error('bench: expected REDIS_URL to be set, got nothing. Run it as "npm run bench -- overhead".');
  process.exit(2);
}

const RECORD = ".headgate/goodput.json";
const ways: ("enqueueMany" | "pipeline")[] = ["enqueueMany", "pipeline"];
const scenarioNames = scenarios.map(({ name }) => name);
const explainedNames = explained.map(({ name }) => name);

const program = new Command("bench").description(
  "Headgate against plain BullMQ and its peers, side by side in one run",
);

program
  .command("overhead")
  .description("enqueue and process no-op jobs on Headgate and on plain BullMQ, alternating")
  .option("--pairs <n>", "pairs of runs", whole, 5)
  .option("--jobs <n>", "jobs of one run", whole, 20_000)
  .addOption(
    new Option("--limiter <kind>", "what stands in front: nothing, limits that never bind, or a learned rate")
      .choices(["none", "declared", "adaptive"])
      .default("none"),
  )
  .option("--json", "one JSON object as the last line")
  .action(async (options) => {
    await runOverhead({ ...options, connection });
  });

program
  .command("goodput")
  .description(
    "contenders in front of a rate-limited HTTP API, side by side: how much of its limit they use, how often they hit it",
  )
  .option("--scenario <names>", "comma-separated, or all", (text) => listOf(text, scenarioNames), scenarioNames)
  .option("--contender <names>", "comma-separated, or all", (text) => listOf(text, contenderNames), contenderNames)
  .option("--seconds <n>", "length of every run (default: the scenario's own, mostly 60)", whole)
  .option("--warm", "measure the run after one that has taught the limiter")
  .option("--together <n>", "runs at the same time, one a core", whole, availableParallelism())
  .option("--record <file>", "where results and traces are kept for figures", RECORD)
  .option("--json", "one JSON array as the last line")
  .action(async ({ scenario, contender, ...options }) => {
    const chosen = scenario.map(scenarioOf);
    await runGoodput({ ...options, scenarios: chosen, contenders: contender, connection });
  });

program
  .command("scale")
  .description("fleets of several sizes on a limiter of 100 permits/s, and what one Redis core carries")
  .option("--workers <sizes>", "comma-separated", (text) => text.split(",").map(whole), [1, 8, 64, 256])
  .option("--seconds <n>", "measured of every fleet", whole, 15)
  .option("--jobs <n>", "jobs for the ceiling", whole, 40_000)
  .option("--json", "one JSON object as the last line")
  .action(async (options) => {
    await runScale({ ...options, connection });
  });

program
  .command("chaos")
  .description(
    "a fleet of headgate worker, drained, killed, rolled, poisoned, and with a Redis that is away, refuses or is full: a table",
  )
  .option("--experiment <names>", "comma-separated, or all", (text) => listOf(text, experiments), [...experiments])
  .option("--rounds <n>", "kills, and outages of Redis", whole, 20)
  .option("--away-seconds <n>", "length of an outage", whole, 10)
  .option("--json", "one JSON object as the last line")
  .action(async ({ experiment, ...options }) => {
    if (!(await runChaos({ ...options, experiments: experiment, connection }))) process.exitCode = 1;
  });

program
  .command("explain")
  .description(
    "what explain says of jobs in line, held against when they start; ends with 1 when one is off by over 20 %",
  )
  .option("--scenario <names>", "comma-separated, or all", (text) => listOf(text, explainedNames), explainedNames)
  .option("--json", "one JSON array as the last line")
  .action(async (options) => {
    if (!(await runExplain({ ...options, connection }))) process.exitCode = 1;
  });

program
  .command("figures")
  .description("draws what goodput has recorded into docs/figures, and its table into docs/benchmarks.md")
  .option("--record <file>", "what to draw", RECORD)
  .option("--docs <folder>", "where", "docs")
  .action(async ({ record, docs }) => {
    await drawFigures(record, docs);
  });

program
  .command("simulate")
  .description("the control law against modelled APIs in virtual time, over many seeds")
  .option("--seeds <n>", "runs of each scenario", whole, 5)
  .option("--first <seed>", "the first of the seeds", whole, 1)
  .option("--scenario <names>", "only these, by their names, with commas between")
  .option("--warm", "run each twice, and take the figures of the second")
  .option("--trace", "also a line per second of the first seed: accepted, throttled, pace, phase, gate")
  .option("--json", "an array of the figures of each run as the last line")
  .action(async (options) => {
    await runSimulate({ ...options, connection });
  });

program
  .command("dialects")
  .description("a fleet that is told nothing, against an API that tells of its limit in each form that is on the wire")
  .option("--dialect <names>", "comma-separated, or all", (text) => listOf(text, dialectNames), [...dialectNames])
  .option("--seconds <n>", "length of every run", whole, 20)
  .option("--json", "one JSON array as the last line")
  .action(async (options) => {
    await runDialects({ ...options, connection });
  });

program
  .command("gateway")
  .description("ten times what a queue takes, over HTTP: statuses, latency and memory of the gateway")
  .option("--seconds <n>", "length of the run", whole, 60)
  .option("--json", "one JSON object as the last line")
  .action(async (options) => {
    await runGateway({ ...options, connection });
  });

program
  .command("producers")
  .description(
    "many producer processes before one queue: fairness, wake-up, what waiting costs, and how good retryAfterMs is",
  )
  .option("--processes <n>", "producer processes", whole, 50)
  .option("--seconds <n>", "length of the fairness run", whole, 30)
  .option("--json", "one JSON object as the last line")
  .action(async (options) => {
    await runProducers({ ...options, connection });
  });

program
  .command("restarts")
  .description(
    "Redis is killed and started again while producers enqueue: what of the acknowledged is there afterwards",
  )
  .option("--restarts <n>", "of each case", whole, 20)
  .option("--json", "one JSON array as the last line")
  .action(async (options) => {
    await runRestarts(options);
  });

program
  .command("failover")
  .description("the primary of a Redis with a spare dies under load, behind sentinels and in a cluster")
  .option("--trial <names>", "comma-separated, or all", (text) => listOf(text, trialNames), [...trialNames])
  .option("--json", "one JSON array as the last line")
  .action(async ({ trial, ...options }) => {
    await runFailover({ ...options, trials: trial });
  });

program
  .command("sizes")
  .description(
    "what Redis needs for a job, a queue, a limiter and an event stream, and how many connections everybody opens",
  )
  .option("--json", "one JSON object as the last line")
  .action(async (options) => {
    await runSizes(options);
  });

program
  .command("million")
  .description(
    "a million items through one producer into a queue of 1,000: its memory, the queue's depth, and what arrives",
  )
  .option("--items <n>", "how many", whole, 1_000_000)
  .option("--way <names>", "enqueueMany, pipeline, or all", (text) => listOf(text, ways), ways)
  .option("--json", "one JSON array as the last line")
  .action(async ({ way, ...options }) => {
    await runMillion({ ...options, ways: way, connection });
  });

await program.parseAsync();

function listOf<T extends string>(text: string, known: readonly T[]): T[] {
  if (text === "all") return [...known];
  return text.split(",").map((name) => {
    const found = known.find((each) => each === name);
    if (found === undefined)
      throw new InvalidArgumentError(`no "${name}": expected some of ${known.join(", ")}, or all.`);
    return found;
  });
}

function whole(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new InvalidArgumentError("expected a whole number from 1.");
  return value;
}
