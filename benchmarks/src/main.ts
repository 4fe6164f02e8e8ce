import { Command, InvalidArgumentError, Option } from "commander";
import { runGateway } from "./gateway/run.ts";
import { runOverhead } from "./overhead/run.ts";
import { runSimulate } from "./simulate/run.ts";

const connection = process.env["REDIS_URL"];
if (!connection) {
  console.error('bench: expected REDIS_URL to be set, got nothing. Run it as "npm run bench -- overhead".');
  process.exit(2);
}

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
      .default("declared"),
  )
  .option("--json", "one JSON object as the last line")
  .action(async (options) => {
    await runOverhead({ ...options, connection });
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
  .command("gateway")
  .description("ten times what a queue takes, over HTTP: statuses, latency and memory of the gateway")
  .option("--seconds <n>", "length of the run", whole, 60)
  .option("--json", "one JSON object as the last line")
  .action(async (options) => {
    await runGateway({ ...options, connection });
  });

await program.parseAsync();

function whole(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new InvalidArgumentError("expected a whole number from 1.");
  return value;
}
