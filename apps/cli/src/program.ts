import type { Readable } from "node:stream";
import { Command } from "commander";
import type { BoardFlags } from "./board/run.ts";
import { addCompletion, type KnownNames } from "./completion/command.ts";
import { secretsOf } from "./config/connection.ts";
import { loadConfig } from "./config/load.ts";
import type { Run } from "./context.ts";
import { addDoctor } from "./doctor/command.ts";
import { type EnqueueFlags, enqueue } from "./enqueue/run.ts";
import { addExamples } from "./examples.ts";
import { type ExitCode, exitCodeHelp } from "./exit-code.ts";
import { addExplain } from "./explain/command.ts";
import { addFailed } from "./failed/command.ts";
import { duration, oneOf, wholeNumber } from "./flags.ts";
import type { GatewayFlags } from "./gateway/run.ts";
import { addInit } from "./init/command.ts";
import { type PauseFlags, pause, resume } from "./levers/run.ts";
import { addLimits } from "./limits/command.ts";
import { addMove } from "./move/command.ts";
import type { Output } from "./output/output.ts";
import { addSimulate } from "./simulate/command.ts";
import { type StatusFlags, status } from "./status/run.ts";
import { stopSignals } from "./stop-signals.ts";
import type { WorkerFlags } from "./worker/start-worker.ts";

export interface Surroundings {
  readonly output: Output;
  readonly environment: NodeJS.ProcessEnv;
  readonly stdin: Readable;
  readonly cwd: string;
  readonly version: string;
  /** For the shell's completion; empty otherwise. */
  readonly known: KnownNames;
  /** Called once by the command that ran. */
  readonly finish: (code: ExitCode) => void;
}

interface SharedFlags {
  readonly config?: string;
  readonly redis?: string;
}

const DEFAULT_IN_FLIGHT = 50;
const MOST_LINES = Number.MAX_SAFE_INTEGER;
const DEFAULT_INTERVAL_MS = 1000;

/** The command line: what there is, and which function runs it. */
export function buildProgram(surroundings: Surroundings): Command {
  const { output, environment, stdin, cwd, version, finish } = surroundings;

  const program = new Command("headgate")
    .description("Job queues that carry an API's rate limit back to the producer.")
    .version(version)
    .option("-c, --config <file>", "config to use (default: the nearest headgate.config.{ts,mts,js,mjs} upwards)")
    .option("--redis <url>", "Redis to use, over REDIS_URL and the config")
    .option("--json", "results as JSON on stdout: one object, or one a line for streams")
    .option("--debug", "show where errors come from")
    .configureHelp({ showGlobalOptions: true })
    .addHelpText("afterAll", `\n${exitCodeHelp}`);

  const run: Run = async (work) => {
    const { config: file, redis } = program.opts<SharedFlags>();
    const redisUrl = environment["REDIS_URL"];
    output.hide([...secretsOf(redis), ...secretsOf(redisUrl)]);
    const config = await loadConfig({ cwd, file, redis, redisUrl });
    output.hide(secretsOf(config.connection));
    const stop = stopSignals();
    try {
      finish(await work({ config, output, stop }));
    } finally {
      stop.dispose();
    }
  };

  program
    .command("worker")
    .description("run the named queues, or all that have a processor: a supervised fleet on this host")
    .argument("[queue...]", "queues of the config")
    .option("--processes <n>", "processes (default: 1); SIGHUP replaces them one by one", wholeNumber(1, 256))
    .option("--concurrency <n>", "jobs at once per queue and process, over the config", wholeNumber(1, 10_000))
    .option("--drain-timeout <duration>", "how long running jobs have at the end (default: 25s)", duration)
    .option("--host <host>", "address of /healthz, /readyz and /metrics (default: 127.0.0.1)")
    .option(
      "--port <n>",
      "their port, 0 for a free one (default: worker.port of the config, else 3002, or a free one)",
      wholeNumber(0, 65_535),
    )
    .option("--quiet", "leave out the lines of jobs that completed or were deferred")
    .action((queues: string[], flags: WorkerFlags) =>
      run(async (context) => {
        const { runWorkers } = await import("./worker/run.ts");
        return runWorkers(context, queues, flags);
      }),
    );

  program
    .command("enqueue")
    .description("enqueue NDJSON: one JSON payload a line, one admission each")
    .argument("<queue>", "queue of the config")
    .argument("[file]", "NDJSON file, also gzipped, or - for standard input", "-")
    .option("--envelope", "each line is { payload, id?, priority? }")
    .option("--id-field <name>", "field of the payload that is the job's id; makes a second run safe")
    .option("--on-pressure <how>", "wait for room, or refuse the line", oneOf(["wait", "refuse"]), "wait")
    .option("--in-flight <n>", "admissions at once", wholeNumber(1, 1000), DEFAULT_IN_FLIGHT)
    .option(
      "--from-line <n>",
      "leave out the lines before it: goes on where a run stopped",
      wholeNumber(1, MOST_LINES),
      1,
    )
    .action((queue: string, file: string, flags: EnqueueFlags) =>
      run((context) => enqueue(context, queue, file, flags, stdin)),
    );

  program
    .command("status")
    .description("every limiter and queue of the config")
    .option("--watch", "again and again: in place on a terminal, as lines into a pipe")
    .option(
      "--interval-ms <n>",
      "milliseconds between two looks of --watch",
      wholeNumber(100, 3_600_000),
      DEFAULT_INTERVAL_MS,
    )
    .action((flags: StatusFlags) => run((context) => status(context, flags)));

  program
    .command("pause")
    .description("stop a queue, or shut the gate of a limiter")
    .argument("<target>", "queue or limiter; queue:name or limiter:name where a name is both")
    .option("--for <duration>", "open again by itself after this time, as 30s, 5m, 2h (limiters)")
    .option("--reason <text>", "shown to producers and in status")
    .action((target: string, flags: PauseFlags) => run((context) => pause(context, target, flags)));

  program
    .command("resume")
    .description("undo a pause, or open a gate before its time")
    .argument("<target>", "queue or limiter; queue:name or limiter:name where a name is both")
    .action((target: string) => run((context) => resume(context, target)));

  addLimits(program, run);
  addExplain(program, run);
  addFailed(program, run);
  addMove(program, run);
  addDoctor(program, run);
  addInit(program, surroundings);
  addSimulate(program, surroundings);

  program
    .command("board")
    .description("serve the pressure page and Bull Board")
    .option("--host <host>", "address to listen on (default: 127.0.0.1); beyond loopback a password is needed")
    .option(
      "--port <n>",
      "port, 0 for a free one (default: board.port of the config, else 3000)",
      wholeNumber(0, 65_535),
    )
    .option("--user <name>", "user for basic auth", "headgate")
    .option("--password <text>", "password for basic auth; better in HEADGATE_BOARD_PASSWORD")
    .option("--read-only", "refuse everything that changes a queue or a job")
    .action((flags: BoardFlags) =>
      run(async (context) => {
        // Loaded only here: the web framework doubles the start-up time of every other command.
        const { board } = await import("./board/run.ts");
        return board(context, flags, environment);
      }),
    );

  program
    .command("gateway")
    .description("take jobs over HTTP, for producers in any language; OpenAPI at /openapi.json")
    .option("--host <host>", "address to listen on (default: 127.0.0.1)")
    .option(
      "--port <n>",
      "port, 0 for a free one (default: gateway.port of the config, else 3001)",
      wholeNumber(0, 65_535),
    )
    .option("--token <text...>", "bearer tokens; better in HEADGATE_GATEWAY_TOKENS, separated by commas")
    .option("--no-auth", "take jobs from everybody on this machine")
    .option("--max-wait <duration>", "longest wait for room that a caller may ask for", "30s")
    .option("--max-waiting <n>", "most jobs that wait at once", wholeNumber(0, 1_000_000))
    .action((flags: GatewayFlags) =>
      run(async (context) => {
        const { gateway } = await import("./gateway/run.ts");
        return gateway(context, flags, environment);
      }),
    );

  addCompletion(program, surroundings.known);
  addExamples(program);
  return program;
}
