import { z } from "zod";
import { headgateError } from "../errors.ts";

const NAME = /^[A-Za-z0-9._-]{1,64}$/;

/** A limiter's, queue's, unit's or namespace's name: what is safe in a Redis key, a hash tag and a metric label. */
export const nameSchema: z.ZodString = z.string().regex(NAME, { error: "expected 1 to 64 of A-Z a-z 0-9 . _ -" });

/** Parses options once; the first thing that is wrong is thrown with where it is, what was expected, and what came. */
export function parseOptions<T extends z.ZodType>(what: string, schema: T, options: unknown): z.output<T> {
  const result = schema.safeParse(options, { reportInput: true });
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  const path = issue?.path.map((part) => (typeof part === "number" ? `[${part}]` : `.${String(part)}`)).join("") ?? "";
  throw headgateError("HG_OPTION_INVALID", {
    what: `${what}${path}`,
    expected: expectation(issue),
    got: issue?.input === undefined ? "nothing" : issue.input,
  });
}

function expectation(issue: z.core.$ZodIssue | undefined): string {
  const message = issue?.message ?? "valid options";
  return message.replace(/^expected /, "").replace(/^Invalid (input|option|string): ?/, "").replace(/^expected /, "");
}

export function parseName(what: string, name: unknown): string {
  if (typeof name === "string" && NAME.test(name)) return name;
  throw headgateError("HG_NAME_INVALID", { what, expected: "1 to 64 of A-Z a-z 0-9 . _ -", got: name });
}
