import type { z } from "zod";
import { redactUrl } from "../output/redact.ts";

/** Zod's findings as lines that point at the option: `queues.summarize.concurrency: expected …, got …`. */
export function mistakesOf(error: z.ZodError, config: unknown): readonly string[] {
  return error.issues.flatMap((issue) => {
    if (issue.code === "unrecognized_keys") {
      return issue.keys.map((key) => `${pathText([...issue.path, key])}: expected no such option`);
    }
    return [`${pathText(issue.path)}: expected ${issue.message}, got ${describe(valueAt(config, issue.path))}`];
  });
}

function pathText(path: readonly PropertyKey[]): string {
  return path.length === 0 ? "the default export" : path.map(String).join(".");
}

function valueAt(root: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (value, key) => (typeof value === "object" && value !== null ? Reflect.get(value, key) : undefined),
    root,
  );
}

const LONGEST_TEXT = 60;

/** A value in a few words, without what may be secret in it. */
export function describe(value: unknown): string {
  if (value === undefined) return "nothing";
  if (value === null || typeof value === "number" || typeof value === "boolean") return String(value);
  if (typeof value === "string") return JSON.stringify(redactUrl(value).slice(0, LONGEST_TEXT));
  if (Array.isArray(value)) return value.length === 0 ? "an empty array" : "an array";
  if (typeof value === "object") return Object.keys(value).length === 0 ? "an empty object" : "an object";
  return `a ${typeof value}`;
}
