import { type Counter, saysSomething } from "./counter.ts";
import { type FieldKind, type FieldName, readFieldName } from "./field-name.ts";
import type { Fields } from "./fields.ts";
import type { HintScope } from "./hints.ts";
import { policiesOf, structuredCounters, withPolicies } from "./structured.ts";
import { durationMs, NUMBER, type ResetUnit, spanMs, untilMs } from "./time.ts";

/** How an API writes its headers, where their look does not say it. */
export interface Dialect {
  /** How `*-reset` counts. Default: by the look of the value. */
  readonly reset?: ResetUnit;
  /** `*-reset` is when the bucket is full again, so it is no time to wait (OpenAI, Anthropic). */
  readonly resetIsFull?: boolean;
  /** Length of the windows that the headers do not name (ms). */
  readonly windowMs?: number;
}

export interface Counted {
  readonly counters: Counter[];
  readonly scope: HintScope | undefined;
  /** `X-RateLimit-Retry-After`: ms. */
  readonly askedMs: number | undefined;
}

interface Group {
  readonly name: FieldName;
  readonly counter: Counter;
  limitText?: string;
}

/** The other kinds of fields come once in an answer. */
const OF_A_COUNTER = /^(?:limit|rem|int|reset)/;

/** Every counter that the headers tell of. */
export function countersOf(fields: Fields, base: () => number, dialect: Dialect): Counted {
  const groups = new Map<string, Group>();
  const lone: Partial<Record<FieldKind, string>> = {};
  const counters: Counter[] = [];

  for (const [header, text] of fields) {
    if (header === "x-shopify-shop-api-call-limit") counters.push(...callLimit(text, dialect));
    const name = readFieldName(header);
    if (name === null) continue;
    if (OF_A_COUNTER.test(name.kind)) fill(groups, name, text, base, dialect);
    else lone[name.kind] = text;
  }
  const { ratelimit: field, policy, partition } = lone;

  const standard = field === undefined && groups.has("requests//") ? [] : structuredCounters(field, policy);
  counters.push(...standard);
  for (const [key, { name, counter, limitText }] of groups) {
    // Middleware that sends both generations counts one thing twice.
    if (key === "x-requests//" && (field !== undefined || groups.has("requests//"))) continue;
    counter.partition ??= name.prefix === "x-" ? partition : undefined;
    const policies = policiesOf(limitText?.includes(";") ? limitText.slice(limitText.indexOf(",") + 1) : undefined);
    if (key === "requests//") policies.push(...policiesOf(policy));
    const known = policies.length > 0 ? withPolicies(counter, policies) : [counter];
    counters.push(...known.filter(saysSomething));
  }
  const windowMs = spanMs(dialect.windowMs);
  for (const one of counters) one.windowMs ??= windowMs ?? (one.rule === "full" ? fullWindowMs(one) : undefined);
  return { counters, scope: scopeOf(lone), askedMs: untilMs(lone["retry-after"] ?? "", base) };
}

/** Discord's `X-RateLimit-Scope`; its older `X-RateLimit-Global: true`. */
function scopeOf({ scope, global }: Partial<Record<FieldKind, string>>): HintScope | undefined {
  if (scope === "user" || scope === "global" || scope === "shared") return scope;
  return global === "true" ? "global" : undefined;
}

function fill(groups: Map<string, Group>, name: FieldName, text: string, base: () => number, dialect: Dialect): void {
  let group = groups.get(name.group);
  if (group === undefined) {
    const { unit, windowMs, partition, prefix } = name;
    const rule = prefix === "" ? "ratelimit" : prefix === "anthropic-" || dialect.resetIsFull ? "full" : "reset";
    group = { name, counter: { unit, rule, windowMs, partition } };
    groups.set(name.group, group);
  }
  const { counter } = group;
  switch (name.kind) {
    case "limit":
      group.limitText = text;
      counter.limit = countOf(text.split(",", 1)[0]) || undefined;
      break;
    case "remaining":
      counter.remaining = countOf(text);
      break;
    case "interval-milliseconds":
      counter.windowMs = countOf(text) || undefined;
      break;
    case "reset-after":
      counter.resetMs = spanMs(untilMs(text, base));
      if (counter.rule === "reset") counter.rule = "reset-after";
      break;
    case "reset":
      if (counter.rule === "reset-after") break;
      counter.resetMs = spanMs(untilMs(text, base, name.ms ? "ms" : dialect.reset));
      // Go's durations are how OpenAI, and who copies it, writes the time until the bucket is full.
      if (counter.rule === "reset" && name.prefix === "x-" && durationMs(text) !== undefined) counter.rule = "full";
      break;
  }
}

/** `-1` is what Azure writes for "I do not know"; other negatives are an overdrawn count, which is 0. */
function countOf(text: string | undefined): number | undefined {
  const value = text !== undefined && NUMBER.test(text.trim()) ? Number(text) : -1;
  if (value === -1) return undefined;
  return Math.min(Math.max(Math.floor(value), 0), Number.MAX_SAFE_INTEGER);
}

/** Shopify's leaky bucket: `32/40`, used and size. How long an empty one takes to fill is not said, but the preset knows it. */
function callLimit(text: string, { windowMs }: Dialect): Counter[] {
  const [, used = 0, limit = 0] = (/^(\d{1,9})\/(\d{1,9})$/.exec(text) ?? []).map(Number);
  if (limit === 0) return [];
  const taken = Math.min(used, limit);
  const resetMs = windowMs === undefined ? undefined : spanMs((windowMs * taken) / limit);
  return [{ unit: "requests", rule: "full", limit, remaining: limit - taken, resetMs }];
}

const ROUND_MS = [1_000, 60_000, 3_600_000, 86_400_000];

/**
 * A bucket that is full again in `reset` after `limit - remaining` were taken refills `limit` in a window. Resets are rounded by
 * the API, so it is believed only within a tenth of a round length.
 */
function fullWindowMs({ limit, remaining, resetMs }: Counter): number | undefined {
  if (limit === undefined || remaining === undefined || !resetMs || remaining >= limit) return undefined;
  const window = (resetMs * limit) / (limit - remaining);
  return ROUND_MS.find((round) => Math.abs(window - round) <= round / 10);
}
