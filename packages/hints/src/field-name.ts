/** What a field of the X-RateLimit family tells. */
export type FieldKind =
  | "limit"
  | "remaining"
  | "reset"
  | "reset-after"
  | "retry-after"
  | "interval-milliseconds"
  | "partition"
  | "scope"
  | "global"
  | "policy"
  | "ratelimit";

export interface FieldName {
  readonly kind: FieldKind;
  /** Fields with the same group speak of the same counter. */
  readonly group: string;
  /** `x-`, `anthropic-`, `x-hubspot-`, or empty: the draft's own name. */
  readonly prefix: string;
  readonly unit: string;
  readonly windowMs: number | undefined;
  readonly partition: string | undefined;
  /** The name itself says milliseconds. */
  readonly ms: boolean;
}

const FAMILY = /^((?:[a-z\d]+-)*?)(?:rate-?limit|(limit-24hour))(?:-(.+))?$/;
const KIND =
  /(?:^|-)(reset-after|retry-after|interval-milliseconds|limit|max|remaining|reset|resource|bucket|scope|global|used|policy)(-ms)?(?=-|$)/;
const UNIT =
  /(?:^|-)((?:(?:input|output|cached|prompt|completion)-)?(?:tokens|requests|images|characters|bytes|points|cost))(?=-|$)/;
const WINDOW = /(?:^|-)(second|minute|hour|day|dai|24hour|month)(?:ly)?(?=-|$)/;

const WINDOW_MS: Readonly<Record<string, number>> = {
  second: 1_000,
  minute: 60_000,
  hour: 3_600_000,
  day: 86_400_000,
  dai: 86_400_000,
  "24hour": 86_400_000,
  month: 30 * 86_400_000,
};
const SAME_KIND: Readonly<Record<string, FieldKind>> = { max: "limit", resource: "partition", bucket: "partition" };

/** Names come from servers, so what is remembered is bounded; an API uses some twenty. */
const remembered = new Map<string, FieldName | null>();
const REMEMBERED_MOST = 256;

/**
 * Reads any name of the family: `x-ratelimit-limit`, `x-rate-limit-reset` (X), `x-ratelimit-remaining-tokens` (OpenAI),
 * `anthropic-ratelimit-input-tokens-reset`, `x-ratelimit-limit-minute` (Kong), `x-hubspot-ratelimit-daily-remaining`,
 * `x-user-limit-24hour-remaining` (X), and those of APIs nobody has heard of that follow the same pattern.
 */
export function readFieldName(name: string): FieldName | null {
  const known = remembered.get(name);
  if (known !== undefined) return known;
  const made = take(name);
  if (remembered.size < REMEMBERED_MOST) remembered.set(name, made);
  return made;
}

function take(name: string): FieldName | null {
  const family = FAMILY.exec(name);
  if (family === null) return null;
  const [, before = "", day, after = ""] = family;
  const [matched, word, ms] = KIND.exec(after) ?? [];
  if (word === "used") return null;
  const rest = after.replace(matched ?? "", "").replaceAll("_", "-");
  const window = WINDOW.exec(day ?? rest);
  if (word === undefined && !(after === "" || window)) return null;
  const named = rest.replace(WINDOW, "");
  const unit = UNIT.exec(named)?.[1] ?? "requests";
  const other = named.replace(UNIT, "").replace(/^-|-$/g, "");
  const app = day === undefined ? "" : before.replace(/^x-|-$/g, "");
  return {
    kind: word === undefined ? (after === "" ? "ratelimit" : "limit") : (SAME_KIND[word] ?? (word as FieldKind)),
    group: `${before}${day ?? ""}${unit}/${window?.[1] ?? ""}/${other}`,
    prefix: before,
    unit,
    windowMs: WINDOW_MS[window?.[1] ?? ""],
    partition: other || app || undefined,
    ms: ms !== undefined,
  };
}
