import type { z } from "zod";
import type { StandardIssue } from "./standard-schema.ts";

const OPAQUE = "what the queue's schema says";

type Path = NonNullable<StandardIssue["path"]>;

const keyOf = (part: Path[number]): PropertyKey => (typeof part === "object" ? part.key : part);

export const pathOf = (path: Path | undefined): string =>
  (path ?? []).map((part) => `.${String(keyOf(part))}`).join("");

/**
 * Pure: what a schema expected and the type of what came. A schema's message is not shown: libraries and authors quote the
 * value in it ("must be a number (was …)"). zod's issues have fields that come from the schema alone; those are.
 */
export function mismatch(
  vendor: string | undefined,
  issue: StandardIssue | undefined,
  payload: unknown,
): { readonly expected: string; readonly got: string; readonly fix?: string } {
  const expected = vendor === "zod" ? expectationOf(issue as z.core.$ZodIssue) : OPAQUE;
  const got = typeAt(payload, issue?.path ?? []);
  if (expected !== OPAQUE) return { expected, got };
  return {
    expected,
    got,
    fix: "Correct the payload, or the schema in defineQueue. The schema's own message is not shown, as it may quote the payload: parse it with the schema to see it.",
  };
}

function expectationOf(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case "invalid_type":
      return issue.expected;
    case "invalid_value":
      return `one of ${issue.values.map((value) => (typeof value === "string" ? JSON.stringify(value) : String(value))).join(", ")}`;
    case "invalid_format":
      return `a string in the format ${issue.format}`;
    case "too_small":
      return `${issue.origin} ${issue.inclusive === false ? "above" : "of at least"} ${issue.minimum}`;
    case "too_big":
      return `${issue.origin} ${issue.inclusive === false ? "below" : "of at most"} ${issue.maximum}`;
    case "not_multiple_of":
      return `a multiple of ${issue.divisor}`;
    case "unrecognized_keys":
      return "only keys of the schema";
    default:
      return OPAQUE;
  }
}

function typeAt(payload: unknown, path: Path): string {
  let value = payload;
  for (const part of path) {
    if (typeof value !== "object" || value === null) return "nothing";
    value = (value as Record<PropertyKey, unknown>)[keyOf(part)];
  }
  if (value === undefined) return "nothing";
  if (value === null || Number.isNaN(value)) return String(value);
  return Array.isArray(value) ? "array" : typeof value;
}
