import { z } from "zod";
import { headgateError, shown } from "../errors.ts";

const NAME = /^[A-Za-z0-9._-]{1,64}$/;

/** `__proto__` would be lost as a key of a plain object. */
export const isName = (name: unknown): name is string =>
  typeof name === "string" && NAME.test(name) && name !== "__proto__";

/** A limiter's, queue's, unit's or namespace's name: what is safe in a Redis key, a hash tag and a metric label. */
export const nameSchema: z.ZodString = z.string().refine((name) => isName(name), {
  error: "expected 1 to 64 of A-Z a-z 0-9 . _ -",
});

/** Parses options once; the first thing that is wrong is thrown with where it is, what was expected, and what came. */
export function parseOptions<T extends z.ZodType>(what: string, schema: T, options: unknown): z.output<T> {
  const result = schema.safeParse(options, { reportInput: true });
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  const path = issue?.path.map((part) => (typeof part === "number" ? `[${part}]` : `.${String(part)}`)).join("") ?? "";
  throw headgateError("HG_OPTION_INVALID", {
    what: `${what}${path}`,
    ...(issue?.code === "unrecognized_keys"
      ? { expected: "only options that exist", got: issue.keys.map(shown).join(", ") }
      : { expected: expectation(issue), got: shown(issue?.input) }),
  });
}

/** zod says "Too small: expected number to be >=1" and "Invalid input: expected number, received string". */
const expectation = (issue: z.core.$ZodIssue | undefined): string =>
  (issue?.message ?? "valid options").replace(/^.*?\bexpected /, "").replace(/, received .*$/, "");

export function parseName(what: string, name: unknown): string {
  if (isName(name)) return name;
  throw headgateError("HG_NAME_INVALID", { what, expected: "1 to 64 of A-Z a-z 0-9 . _ -", got: shown(name) });
}
