import { parseDictionary, parseList } from "structured-headers";
import type { Counter } from "./counter.ts";

/** A counter of which only the quota is known. */
export interface Policy extends Counter {
  readonly name: string | number;
}

const REQUESTS = { unit: "requests", rule: "ratelimit" } as const;

/** `"burst";q=100;w=60`, `100;w=60`, and WHOOP's `100;window=60`. */
export function policiesOf(field: string | undefined): Policy[] {
  const policies: Policy[] = [];
  for (const [name, parameters] of itemsOf(field)) {
    const limit = wholeOf(typeof name === "number" ? name : parameters.get("q"));
    if (!limit || (typeof name !== "number" && typeof name !== "string")) continue;
    const unit = parameters.get("qu");
    policies.push({
      ...REQUESTS,
      ...(typeof unit === "string" && { unit }),
      name,
      limit,
      windowMs: secondsOf(parameters.get("w") ?? parameters.get("window")),
      partition: partitionOf(parameters.get("pk")),
    });
  }
  return policies;
}

/**
 * `RateLimit` of draft-ietf-httpapi-ratelimit-headers 8 and later: `"api";r=0;t=60`, each with its policy, which is taken out of
 * the list. A field or an item that is malformed is ignored.
 */
export function itemCounters(field: string | undefined, policies: Policy[]): Counter[] {
  const counters: Counter[] = [];
  for (const [name, parameters] of itemsOf(field)) {
    const remaining = wholeOf(parameters.get("r"));
    if (typeof name !== "string" || remaining === undefined) continue;
    const partition = partitionOf(parameters.get("pk"));
    const named = policies.filter((one) => one.name === name);
    // express-rate-limit sends the key with the policy only.
    const policy =
      named.find((one) => one.partition === partition) ?? named.find((one) => !(one.partition && partition));
    if (policy) policies.splice(policies.indexOf(policy), 1);
    counters.push({
      ...(policy ?? REQUESTS),
      remaining,
      resetMs: secondsOf(parameters.get("t")),
      partition: partition ?? policy?.partition,
    });
  }
  return counters;
}

/** Draft 7, `limit=2, remaining=0, reset=60`, as the field of its own that each of them was before. */
export function membersOf(field: string | undefined): [name: string, text: string][] {
  if (!field || isList(field)) return [];
  try {
    return Array.from(parseDictionary(field), ([name, [value]]) => [`ratelimit-${name}`, String(value)]);
  } catch {
    return [];
  }
}

/** A limit in fields of its own (drafts 3 to 7, WHOOP): the one policy with the same quota lends its window, others stand alone. */
export function withPolicies(counter: Counter, policies: readonly Policy[]): Counter[] {
  const own = policies.find((one) => one.limit === counter.limit);
  counter.windowMs = own?.windowMs ?? counter.windowMs;
  return [counter, ...policies.filter((one) => one !== own)];
}

export const isList = (field: string): boolean => field.startsWith('"');

function itemsOf(field: string | undefined): ReturnType<typeof parseList> {
  if (!field) return [];
  try {
    return parseList(field);
  } catch {
    return [];
  }
}

const wholeOf = (value: unknown): number | undefined =>
  Number.isInteger(value) && (value as number) >= 0 ? (value as number) : undefined;

const secondsOf = (value: unknown): number | undefined =>
  typeof value === "number" && value >= 0 ? value * 1e3 : undefined;

/** A partition key is a Byte Sequence; it is shown as it was sent. */
function partitionOf(value: unknown): string | undefined {
  if (typeof value === "string") return value;
  return value instanceof ArrayBuffer ? btoa(String.fromCharCode(...new Uint8Array(value))) : undefined;
}
