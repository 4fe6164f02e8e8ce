import { type Counter, finished, saysSomething } from "./counter.ts";
import { type FieldKind, type FieldName, readFieldName } from "./field-name.ts";
import type { Fields } from "./fields.ts";
import { isList, itemCounters, membersOf, policiesOf, withPolicies } from "./structured.ts";
import { DURATION, NUMBER, type ResetUnit, untilMs } from "./time.ts";

/** How an API writes its headers, where their look does not say it. */
export interface Dialect {
  /** How `*-reset` counts. Default: by the look of the value. */
  readonly reset?: ResetUnit;
  /** `*-reset` is when the bucket is full again, so it is no time to wait (OpenAI, Anthropic). */
  readonly resetIsFull?: boolean;
  /** Length of the windows that the headers do not name (ms). */
  readonly windowMs?: number;
}

/** The fields that come once in an answer, by kind. */
type Lone = Partial<Record<FieldKind, string>>;

interface Group extends Counter {
  readonly prefix: string;
  /** WHOOP's: the policies behind the limit. */
  list?: string | undefined;
}

const STANDARD = "requests//";
const LEGACY = "x-requests//";

/** Every counter that the headers tell of, and the fields beside them. */
export function countersOf(fields: Fields, base: () => number, dialect: Dialect): [counters: Counter[], lone: Lone] {
  const groups = new Map<string, Group>();
  const lone: Lone = {};
  for (const [header, text] of [...fields, ...membersOf(fields.get("ratelimit"))]) {
    const name = readFieldName(header);
    if (!name) continue;
    if (/^(?:lim|rem|int|reset)/.test(name.kind)) {
      const group = groups.get(name.group) ?? groupOf(name, dialect);
      groups.set(name.group, group);
      fill(group, name, text, base, dialect);
    } else lone[name.kind] = text;
  }
  const policies = policiesOf(lone.policy);
  const counters = itemCounters(isList(lone.ratelimit ?? "") ? lone.ratelimit : undefined, policies);
  // Middleware that sends several generations counts one thing several times.
  if (counters.length > 0) groups.delete(STANDARD);
  if (counters.length > 0 || groups.has(STANDARD)) groups.delete(LEGACY);
  for (const [key, group] of groups) {
    // Kong tells of the limit that is closest once more, without its window but with its reset.
    const twin = key === STANDARD && [...groups.values()].find((one) => one.windowMs && isSame(one, group));
    if (twin) {
      twin.resetMs ??= group.resetMs;
      continue;
    }
    if (group.prefix === "x-") group.partition ??= lone.partition;
    counters.push(...withPolicies(group, key === STANDARD ? policies.splice(0) : policiesOf(group.list)));
  }
  counters.push(...policies, ...callLimit(fields.get("x-shopify-shop-api-call-limit")));
  return [counters.map((one) => finished(one, dialect.windowMs)).filter(saysSomething), lone];
}

const isSame = (one: Counter, other: Counter): boolean =>
  one.unit === other.unit && one.limit === other.limit && one.remaining === other.remaining;

const groupOf = ({ unit, windowMs, partition, prefix }: FieldName, { resetIsFull }: Dialect): Group => ({
  unit,
  rule: prefix === "" ? "ratelimit" : prefix === "anthropic-" || resetIsFull ? "full" : "reset",
  windowMs,
  partition,
  prefix,
});

function fill(group: Group, { kind, ms }: FieldName, text: string, base: () => number, dialect: Dialect): void {
  switch (kind) {
    case "limit":
      group.limit = numberOf(text.split(",", 1)[0]);
      group.list = /^\d+,(.*;.*)/.exec(text)?.[1];
      break;
    case "remaining":
      group.remaining = numberOf(text);
      break;
    case "interval-milliseconds":
      group.windowMs = numberOf(text);
      break;
    case "reset-after":
      group.resetMs = untilMs(text, base);
      if (group.rule === "reset") group.rule = kind;
      break;
    default:
      if (group.rule === "reset-after") break;
      group.resetMs = untilMs(text, base, ms ? "ms" : dialect.reset);
      // Go's durations are how OpenAI, and who copies it, writes the time until the bucket is full.
      if (group.prefix === "x-" && DURATION.test(text)) group.rule = "full";
  }
}

/** `-1` is what Azure writes for "I do not know". */
const numberOf = (text = ""): number | undefined =>
  NUMBER.test(text.trim()) && Number(text) !== -1 ? Number(text) : undefined;

/** Shopify's leaky bucket: `32/40`, used and size. How long a full one takes to leak is not said, but the preset knows it. */
function callLimit(text = ""): Counter[] {
  const [, used = 0, limit = 0] = (/^(\d{1,9})\/(\d{1,9})$/.exec(text) ?? []).map(Number);
  return limit > 0 ? [{ unit: "requests", rule: "full", limit, remaining: limit - used }] : [];
}
