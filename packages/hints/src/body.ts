import type { Counter } from "./counter.ts";
import { googleSays } from "./google.ts";
import type { HintScope } from "./hints.ts";
import { terminalCodes } from "./providers.ts";
import { isObject, isText, listAt, numberAt, read, textAt } from "./reading.ts";
import { shopifySays } from "./shopify.ts";

/** What a body says. */
export interface Said {
  terminal: boolean;
  /** The API says that a limit was hit, whatever the status. */
  throttled: boolean;
  /** NaN when it does not say. */
  askedMs: number;
  /** What to wait when nothing else says how long. */
  defaultMs?: number;
  scope?: HintScope;
  counters: Counter[];
}

/** Words that mean a limit; the last three are the problem types of the RateLimit draft. */
const THROTTLED = new Set(
  [
    "rate_limit_exceeded rate_limit_error rate_limit rate_limited ratelimited slow_down overloaded_error",
    "service_overload RATE_LIMIT RATE_LIMITED THROTTLED RESOURCE_EXHAUSTED slack_webapi_rate_limited_error 88",
    "quota-exceeded temporary-reduced-capacity abnormal-usage-detected",
  ]
    .join(" ")
    .split(" "),
);
const PROBLEM = /^https:\/\/iana\.org\/assignments\/http-problem-types#/;

/** Under these names is the word that decides; X's are numbers. */
const CODES = ["code", "error_code", "errorCode"];
/** OpenAI says the type `insufficient_quota` of what has a retryable code too, so these count only beside no code that is known. */
const TYPES = ["type", "error", "status", "title", "errorType"];

/** Longer than any error body; a page of results is not parsed for a hint. */
const TEXT_MOST = 65_536;

/** JSON text to what it holds; everything else as it is. */
export function parsedBody(body: unknown): unknown {
  if (!isText(body)) return body;
  if (body.length > TEXT_MOST || !/^\s*[{[]/.test(body)) return undefined;
  try {
    return JSON.parse(body) as unknown;
  } catch {
    return undefined;
  }
}

/**
 * @param body parsed or as text
 * @param succeeded the status was 2xx: then only what is an error by its own form counts (Slack's `ok: false`, GraphQL's `errors`)
 */
export function bodySays(body: unknown, base: () => number, ownCodes: readonly string[], succeeded: boolean): Said {
  const said: Said = { terminal: false, throttled: false, askedMs: Number.NaN, counters: [] };
  const parsed = parsedBody(body);
  // Gemini streams an array of answers.
  const top: unknown = Array.isArray(parsed) ? parsed[0] : parsed;
  if (!isObject(top)) return said;
  // Those of an AggregateError speak for themselves.
  const errors = [...listAt(top, "errors"), ...listAt(read(top, "errors"), "graphQLErrors")].filter(
    (one) => !read(one, "stack"),
  );
  shopifySays(top, errors, said);
  const failed = !succeeded || read(top, "ok") === false;
  const error = read(top, "error");
  const parts = failed ? [top, error, read(error, "details"), read(top, "details")] : [];
  // GraphQL's (Shopify, GitHub), and X's.
  for (const one of errors) parts.push(one, read(one, "extensions"));
  for (const word of wordsOf(parts)) {
    const terminal = terminalCodes.has(word) || ownCodes.includes(word);
    said.terminal ||= terminal;
    said.throttled ||= terminal || THROTTLED.has(word.replace(PROBLEM, ""));
  }
  if (!failed) return said;
  googleSays(error, base, said);
  // Discord, Telegram (`parameters`), and many others: seconds, with fractions.
  for (const part of [top, error, read(top, "parameters")]) said.askedMs ||= numberAt(part, "retry_after") * 1e3;
  if (read(top, "global") === true) said.scope = "global";
  hubspotSays(top, said);
  githubSays(top, said);
  return said;
}

function wordsOf(parts: readonly unknown[]): string[] {
  const codes = textsAt(parts, CODES);
  return codes.some((code) => THROTTLED.has(code)) ? codes : [...codes, ...textsAt(parts, TYPES)];
}

function textsAt(parts: readonly unknown[], names: readonly string[]): string[] {
  const texts: string[] = [];
  for (const part of parts) {
    if (!isObject(part)) continue;
    for (const name of names) {
      const value = read(part, name);
      if (isText(value) || value === 88) texts.push(String(value));
    }
  }
  return texts;
}

const HUBSPOT_MS = new Map([
  ["DAILY", 36e5],
  ["TEN_SECONDLY_ROLLING", 1e4],
  ["SECONDLY", 1e3],
]);

/** Ten seconds roll on; the daily count ends at a midnight that is not told, so an hour is asked at a time. */
function hubspotSays(top: unknown, said: Said): void {
  const policy = textAt(top, "policyName");
  const ms = HUBSPOT_MS.get(policy);
  if (!ms || read(top, "errorType") !== "RATE_LIMIT") return;
  said.defaultMs = ms;
  said.terminal ||= policy === "DAILY";
}

/** GitHub's secondary limit says so only in its message and by the page it points to: the page is the code. At least a minute. */
function githubSays(top: unknown, said: Said): void {
  const page = textAt(top, "documentation_url");
  if (!/^https:\/\/docs\.github\.com\/.*rate-limit/.test(page)) return;
  said.throttled = true;
  if (/secondary/i.test(page + textAt(top, "message"))) {
    said.scope = "secondary";
    said.defaultMs = 6e4;
  }
}
