import { Readable } from "node:stream";
import type { Argument, Command, Option } from "commander";
import { createOutput } from "../../src/output/output.ts";
import { buildProgram } from "../../src/program.ts";

/** The program as `headgate --help` is made from. */
export function program(): Command {
  const { stdout, stderr } = process;
  return buildProgram({
    output: createOutput({ json: false, debug: false, stdout, stderr, environment: {} }),
    environment: {},
    stdin: Readable.from([]),
    cwd: process.cwd(),
    version: "0",
    known: { queues: [], limiters: [] },
    finish: () => undefined,
  });
}

/** Every command with its arguments and flags, in the words of its help. */
export function reference(root: Command): string {
  const rows = commandsOf(root).flatMap((command) => [
    row(`headgate ${command.name()} ${argumentsOf(command)}`.trim(), command.description()),
    ...command.registeredArguments.filter(({ description }) => description !== "").map(argumentRow),
    ...optionsOf(command).map(optionRow),
  ]);
  const shared = optionsOf(root).map(optionRow);
  return ["| command | flag | does |", "|---|---|---|", ...rows, row("every command", ""), ...shared].join("\n");
}

export const commandsOf = (root: Command): readonly Command[] =>
  root
    .createHelp()
    .visibleCommands(root)
    .filter((command) => command.name() !== "help");

const optionsOf = (command: Command): readonly Option[] =>
  command
    .createHelp()
    .visibleOptions(command)
    .filter(({ long }) => long !== "--help");

const argumentsOf = (command: Command): string =>
  command.registeredArguments
    .map((argument) => {
      const name = `${argument.name()}${argument.variadic ? "…" : ""}`;
      return argument.required ? `<${name}>` : `[${name}]`;
    })
    .join(" ");

const cell = (text: string): string => text.replaceAll("|", "\\|");
const row = (command: string, does: string): string =>
  `| \`${cell(command)}\` | | ${cell(does)} |`.replace("|  |", "| |");
const optionRow = ({ flags, description, defaultValue }: Option): string =>
  `| | \`${cell(flags)}\` | ${cell(description)}${defaultText(defaultValue)} |`;
const argumentRow = (argument: Argument): string =>
  `| | \`${argument.name()}\` | ${cell(argument.description)}${choicesText(argument)}${defaultText(argument.defaultValue)} |`;
const choicesText = ({ argChoices }: Argument): string =>
  argChoices === undefined ? "" : `: ${argChoices.join(", ")}`;
const defaultText = (value: unknown): string =>
  value === undefined || value === true ? "" : ` (default: ${Array.isArray(value) ? value.join("-") : String(value)})`;
