#!/usr/bin/env node
import { readFileSync } from "node:fs";
import { type Command, CommanderError } from "commander";
import { headgateError } from "headgate/internal";
import { asksForCompletion, type KnownNames } from "./completion/command.ts";
import { loadConfig } from "./config/load.ts";
import { ExitCode, exitCodeOf } from "./exit-code.ts";
import { createOutput, type Output } from "./output/output.ts";
import { reportProblem } from "./output/problem.ts";
import { buildProgram } from "./program.ts";

const args = process.argv.slice(2);
// Looked up by hand, since a command line that cannot be parsed is reported in the form it asks for.
const output = createOutput({
  json: args.includes("--json"),
  debug: args.includes("--debug"),
  stdout: process.stdout,
  stderr: process.stderr,
  environment: process.env,
});

process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  // `headgate status --watch | head -3`: whoever read has left, and nothing is wrong.
  if (error.code === "EPIPE") process.exit(ExitCode.ok);
  throw error;
});

process.exitCode = await main(output);
// A client that the config itself opened would hold the process; what was written is flushed first.
await Promise.all([process.stdout, process.stderr].map(flushed));
process.exit();

async function main(to: Output): Promise<ExitCode> {
  let code: ExitCode = ExitCode.ok;
  const program = buildProgram({
    output: to,
    environment: process.env,
    stdin: process.stdin,
    cwd: process.cwd(),
    version: ownVersion(),
    known: asksForCompletion(args) ? await knownNames() : { queues: [], limiters: [] },
    finish: (finished) => {
      code = finished;
    },
  });
  try {
    await withOwnErrors(program).parseAsync(args, { from: "user" });
    return code;
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return ExitCode.ok;
    const shown = error instanceof CommanderError ? usageError(error, program) : error;
    reportProblem(shown, to);
    return exitCodeOf(shown);
  }
}

/** A config that cannot be loaded completes nothing; whoever runs a command is told why. */
async function knownNames(): Promise<KnownNames> {
  const named = args.findIndex((arg) => arg === "--config" || arg === "-c");
  const request = { cwd: process.cwd(), file: named < 0 ? undefined : args[named + 1], redis: undefined };
  try {
    const { queues, limiters } = await loadConfig({ ...request, redisUrl: "redis://127.0.0.1" });
    return { queues: [...queues.keys()], limiters: [...limiters.keys()] };
  } catch {
    return { queues: [], limiters: [] };
  }
}

/** Commander's own errors come out as ours do; help and version are printed by it. */
function withOwnErrors(program: Command): Command {
  program.exitOverride().configureOutput({ outputError: () => undefined });
  for (const command of program.commands) withOwnErrors(command);
  return program;
}

function usageError(error: CommanderError, program: Command): Error {
  const name = program.commands.map((command) => command.name()).find((command) => args.includes(command));
  const message = error.message.replace(/^error: /, "").replace(/\.$/, "");
  return headgateError("HG_USAGE", {
    message: message === "(outputHelp)" ? "No command was given" : message,
    fix:
      name === undefined
        ? "headgate --help shows the commands"
        : `headgate ${name} --help shows what it takes, with examples`,
  });
}

function ownVersion(): string {
  const { version } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as {
    version: string;
  };
  return version;
}

function flushed(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => stream.write("", () => resolve()));
}
