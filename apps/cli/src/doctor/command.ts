import type { Command } from "commander";
import { closeClient, connected, openClient } from "headgate/internal";
import type { Context, Run } from "../context.ts";
import { ExitCode } from "../exit-code.ts";
import { count } from "../output/figures.ts";
import type { Colors } from "../output/output.ts";
import { diagnose, type Finding } from "./checks.ts";
import { readFacts } from "./facts.ts";

export function addDoctor(program: Command, run: Run): void {
  program
    .command("doctor")
    .description("check Redis, bullmq and who is connected; says how to fix what is wrong, and ends with 1 on an error")
    .action(() => run(doctor));
}

/** Not over a control: it would refuse to start with just what has to be told here. */
async function doctor({ config, output }: Context): Promise<ExitCode> {
  const client = openClient(config.connection);
  client.on("error", () => undefined);
  try {
    await connected(client);
    const findings = diagnose(await readFacts(client, config));
    const errors = findings.filter(({ level }) => level === "error").length;
    const warnings = findings.filter(({ level }) => level === "warning").length;
    output.text(findings.map((finding) => findingText(finding, output.colors)).join("\n"));
    output.text(`\n${verdict(errors, warnings, output.colors)}`);
    output.object({ healthy: errors === 0, errors, warnings, findings });
    return errors === 0 ? ExitCode.ok : ExitCode.failure;
  } finally {
    await closeClient(client);
  }
}

const WIDTH = 8;

function findingText({ check, level, found, fix }: Finding, colors: Colors): string {
  const sign = { ok: colors.green("ok  "), warning: colors.yellow("warn"), error: colors.red("FAIL") }[level];
  return `${sign}  ${check.padEnd(WIDTH)}  ${found}${fix === null ? "" : `\n${" ".repeat(WIDTH + 8)}${colors.bold("fix:")} ${fix}`}`;
}

function verdict(errors: number, warnings: number, colors: Colors): string {
  if (errors > 0) return colors.red(`${count(errors)} to fix${warnings > 0 ? `, ${count(warnings)} to look at` : ""}`);
  return warnings > 0 ? colors.yellow(`${count(warnings)} to look at`) : colors.green("all is well");
}
