import { isHeadgateError } from "headgate";

/** What the process ends with. The same table stands in docs/command-line.md and in `headgate --help`. */
export const ExitCode = {
  ok: 0,
  failure: 1,
  usage: 2,
  unreachable: 3,
  crashLoop: 4,
  startRefused: 5,
} as const;

export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];

export const exitCodeHelp = `Exit codes:
  0  ok
  1  failure: something was refused, invalid or went wrong
  2  usage or config error: nothing was done
  3  Redis is unreachable
  4  crash loop: the processes of a fleet ended again and again right after their start
  5  a fleet cannot start, and starting it again would not help: the error says what has to be changed`;

const usageCodes: ReadonlySet<string> = new Set([
  "HG_USAGE",
  "HG_CONFIG_NOT_FOUND",
  "HG_CONFIG_INVALID",
  "HG_TARGET_UNKNOWN",
  "HG_TARGET_AMBIGUOUS",
  "HG_INPUT_UNREADABLE",
  "HG_BOARD_UNPROTECTED",
  "HG_BOARD_PORT",
  "HG_GATEWAY_UNPROTECTED",
  "HG_GATEWAY_PORT",
  "HG_FILE_EXISTS",
  "HG_WORKER_PORT",
  "HG_OPTION_INVALID",
  "HG_NAME_INVALID",
  "HG_COST_INVALID",
]);

/** Of a fleet's process that has not come to its start: only of a Redis that is away can it be hoped that it passes. */
export function startCodeOf(error: unknown): ExitCode {
  const code = exitCodeOf(error);
  return isHeadgateError(error) && code === ExitCode.failure ? ExitCode.startRefused : code;
}

export function exitCodeOf(error: unknown): ExitCode {
  if (!isHeadgateError(error)) return ExitCode.failure;
  if (error.code === "HG_REDIS_UNREACHABLE") return ExitCode.unreachable;
  return usageCodes.has(error.code) ? ExitCode.usage : ExitCode.failure;
}
