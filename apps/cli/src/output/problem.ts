import { isHeadgateError } from "headgate";
import type { Output } from "./output.ts";

/** An error as it is shown. `code` is null for an error that is not one of ours. */
export interface Problem {
  readonly code: string | null;
  readonly message: string;
  readonly expected?: string;
  readonly got?: string;
  readonly fix?: string;
}

export function problemOf(error: unknown): Problem {
  if (!isHeadgateError(error)) {
    return { code: null, message: error instanceof Error ? `${error.name}: ${error.message}` : String(error) };
  }
  const { code, message, expected, got, fix } = error;
  return {
    code,
    message,
    ...(expected === undefined ? {} : { expected: String(expected) }),
    ...(got === undefined ? {} : { got: String(got) }),
    ...(fix === undefined ? {} : { fix }),
  };
}

/** With --json one `{ "error": … }` on stdout; for people code, expected, got and fix on stderr. */
export function reportProblem(error: unknown, output: Output): void {
  const problem = problemOf(error);
  if (output.json) output.object({ error: problem });
  else output.log(problemText(problem, output));
  if (output.debug) output.log(stackOf(error));
}

function problemText(problem: Problem, { logColors }: Output): string {
  const { code, expected, got, fix } = problem;
  const lines = [`${logColors.red(code ?? "error")}: ${headline(problem)}`];
  if (expected !== undefined) lines.push(`  expected: ${expected}`);
  if (got !== undefined) lines.push(`  got:      ${got}`);
  if (fix !== undefined) lines.push(`  fix:      ${fix}`);
  if (code === null) lines.push("  This is unexpected; --debug shows where it comes from.");
  return lines.join("\n");
}

/** An error's message is one line with everything in it, for logs; here its parts have lines of their own. */
function headline({ code, message, expected, got, fix }: Problem): string {
  const parts = [expected === undefined ? "" : `expected ${expected}`, got === undefined ? "" : `got ${got}`];
  const tail = parts.filter(Boolean).join(", ");
  return message
    .replace(`${code}: `, "")
    .replace(fix === undefined ? "" : `. ${fix}`, "")
    .replace(tail === "" ? "" : ` — ${tail}`, "");
}

/** Only `stack` is printed: other properties of a client library's error may hold job data. */
function stackOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const own = error.stack ?? error.message;
  return error.cause === undefined ? own : `${own}\ncaused by: ${stackOf(error.cause)}`;
}
