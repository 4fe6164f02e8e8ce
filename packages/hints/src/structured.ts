import { parseDictionary, parseList } from "structured-headers";
import type { Counter } from "./counter.ts";
import { spanMs } from "./time.ts";

/**
 * `RateLimit` and `RateLimit-Policy` of draft-ietf-httpapi-ratelimit-headers: 8 and later (`"api";r=0;t=60` with
 * `"api";q=2;w=60`), 7 (`limit=2, remaining=0, reset=60` with `2;w=60`). A field or an item that is malformed is ignored.
 */
export function structuredCounters(field: string | undefined, policyField: string | undefined): Counter[] {
  const policies = policiesOf(policyField);
  if (field === undefined) return policies;
  if (!field.startsWith('"')) {
    const counter = draft7(field);
    return counter === null ? policies : withPolicies(counter, policies);
  }
  const counters: Counter[] = [];
  for (const [name, parameters] of itemsOf(field)) {
    const remaining = wholeOf(parameters.get("r"));
    if (typeof name !== "string" || remaining === undefined) continue;
    const partition = partitionOf(parameters.get("pk"));
    const named = policies.filter((one) => one.name === name);
    // express-rate-limit sends the key with the policy only.
    const loose = (one: Policy): boolean => one.partition === undefined || partition === undefined;
    const policy = named.find((one) => one.partition === partition) ?? named.find(loose);
    if (policy !== undefined) policies.splice(policies.indexOf(policy), 1);
    counters.push({
      ...(policy ?? REQUESTS),
      remaining,
      resetMs: secondsOf(parameters.get("t")),
      partition: partition ?? policy?.partition,
    });
  }
  return [...counters, ...policies];
}

/** A limit in fields of its own (drafts 3 to 6, WHOOP): the one policy with the same quota lends its window, others stand alone. */
export function withPolicies(counter: Counter, policies: Policy[]): Counter[] {
  const own = policies.find((one) => one.limit === counter.limit);
  counter.windowMs = own?.windowMs ?? counter.windowMs;
  return [counter, ...policies.filter((one) => one !== own)];
}

/** A counter of which only the quota is known. */
export interface Policy extends Counter {
  readonly name: string | number;
}

const REQUESTS = { unit: "requests", rule: "ratelimit" } as const;

/** `"burst";q=100;w=60`, `100;w=60`, and WHOOP's `100;window=60`. */
export function policiesOf(field: string | undefined): Policy[] {
  if (field === undefined) return [];
  const policies: Policy[] = [];
  for (const [name, parameters] of itemsOf(field)) {
    const limit = wholeOf(typeof name === "number" ? name : parameters.get("q"));
    if (limit === undefined || (typeof name !== "number" && typeof name !== "string")) continue;
    const unit = parameters.get("qu");
    policies.push({
      ...REQUESTS,
      name,
      limit,
      ...(typeof unit === "string" && { unit }),
      windowMs: secondsOf(parameters.get("w") ?? parameters.get("window")),
      partition: partitionOf(parameters.get("pk")),
    });
  }
  return policies;
}

function draft7(field: string): Counter | null {
  try {
    const members = parseDictionary(field);
    const of = (name: string): unknown => members.get(name)?.[0];
    const [limit, remaining] = [wholeOf(of("limit")), wholeOf(of("remaining"))];
    if (limit === undefined && remaining === undefined) return null;
    return { ...REQUESTS, limit, remaining, resetMs: secondsOf(of("reset")) };
  } catch {
    return null;
  }
}

function itemsOf(field: string): ReturnType<typeof parseList> {
  try {
    return parseList(field);
  } catch {
    return [];
  }
}

const wholeOf = (value: unknown): number | undefined =>
  typeof value === "number" && Number.isInteger(value) && value >= 0 ? value : undefined;

const secondsOf = (value: unknown): number | undefined =>
  typeof value === "number" && value >= 0 ? spanMs(value * 1_000) : undefined;

/** A partition key is a Byte Sequence; it is shown as it was sent. */
function partitionOf(value: unknown): string | undefined {
  if (typeof value === "string") return value;
  return value instanceof ArrayBuffer ? btoa(String.fromCharCode(...new Uint8Array(value))) : undefined;
}
