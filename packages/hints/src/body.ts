import type { Counter } from "./counter.ts";
import { googleWait } from "./google.ts";
import type { HintScope } from "./hints.ts";
import { terminalCodes } from "./providers.ts";
import { errorsOf, isObject, read, readNumber, readText } from "./reading.ts";
import { shopifyCost } from "./shopify.ts";

/** What a body says. */
export interface Said {
  terminal: boolean;
  /** The API says that a limit was hit, whatever the status. */
  throttled: boolean;
  askedMs?: number | undefined;
  /** What to wait when nothing else says how long. */
  defaultMs?: number;
  scope?: HintScope;
  counters: Counter[];
}

const THROTTLED = new Set(
  [
    "rate_limit_exceeded rate_limit_error rate_limit rate_limited ratelimited slow_down overloaded_error",
    "service_overload RATE_LIMIT RATE_LIMITED THROTTLED RESOURCE_EXHAUSTED slack_webapi_rate_limited_error 88",
  ]
    .join(" ")
    .split(" "),
);
/** The problem types of the RateLimit draft. */
const PROBLEM = /^https:\/\/iana\.org\/assignments\/http-problem-types#(?:quota-|temporary-r|abnormal-u)/;

/** Longer than any error body; a page of results is not parsed for a hint. */
const TEXT_MOST = 65_536;

/** JSON text to what it holds; everything else as it is. */
export function parsedBody(body: unknown): unknown {
  if (typeof body !== "string") return body;
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
  const said: Said = { terminal: false, throttled: false, counters: [] };
  let top = parsedBody(body);
  // Gemini streams an array of answers.
  if (Array.isArray(top)) top = top[0];
  if (!isObject(top)) return said;
  const counters = shopifyCost(top, said);
  if (counters) said.counters.push(counters);

  const failed = !succeeded || read(top, "ok") === false;
  for (const code of [...(failed ? codesOf(top) : []), ...errorCodes(top)]) {
    const terminal = terminalCodes.has(code) || ownCodes.includes(code);
    said.terminal ||= terminal;
    said.throttled ||= terminal || THROTTLED.has(code) || PROBLEM.test(code);
  }
  if (!failed) return said;

  const error = read(top, "error");
  googleWait(error, base, said);
  said.askedMs ??= secondsOf(top) ?? secondsOf(error) ?? secondsOf(read(top, "parameters"));
  if (read(top, "global") === true) said.scope = "global";
  hubspot(top, said);
  github(top, said);
  return said;
}

/** Discord, Telegram (`parameters`), and many others: seconds, with fractions. */
function secondsOf(from: unknown): number | undefined {
  const seconds = readNumber(from, "retry_after");
  return seconds === undefined ? undefined : seconds * 1_000;
}

function codesOf(top: object): string[] {
  const error = read(top, "error");
  const codes = [...codesIn(top), read(top, "title"), read(top, "errorCode"), read(top, "errorType"), error];
  for (const part of [error, read(error, "details"), read(top, "details")]) {
    codes.push(...codesIn(part), read(part, "status"), read(part, "error_code"));
  }
  return codes.filter((code) => typeof code === "string");
}

/** OpenAI says the type `insufficient_quota` of what has a retryable code too, so a code that is known decides alone. */
function codesIn(part: unknown): unknown[] {
  const code = read(part, "code");
  return typeof code === "string" && THROTTLED.has(code) ? [code] : [code, read(part, "type")];
}

/** `errors: [...]` of GraphQL (Shopify, GitHub) and X. */
function errorCodes(top: object): string[] {
  return errorsOf(top)
    .slice(0, 10)
    .flatMap((one) => [read(one, "code"), read(one, "type"), read(read(one, "extensions"), "code")])
    .flatMap((code) => (typeof code === "string" ? code : code === 88 ? "88" : []));
}

const HUBSPOT_MS = new Map([
  ["DAILY", 3_600_000],
  ["TEN_SECONDLY_ROLLING", 10_000],
  ["SECONDLY", 1_000],
]);

/** Ten seconds roll on; the daily count ends at a midnight that is not told, so an hour is asked at a time. */
function hubspot(top: object, said: Said): void {
  if (read(top, "errorType") !== "RATE_LIMIT") return;
  const policy = readText(top, "policyName") ?? "";
  said.terminal ||= policy === "DAILY";
  const defaultMs = HUBSPOT_MS.get(policy);
  if (defaultMs !== undefined) said.defaultMs = defaultMs;
}

/** GitHub's secondary limit says so only in its message and by the page it points to: the page is the code. At least a minute. */
function github(top: object, said: Said): void {
  const page = readText(top, "documentation_url") ?? "";
  if (!/^https:\/\/docs\.github\.com\/.*rate-limit/.test(page)) return;
  said.throttled = true;
  if (/secondary/i.test(`${page} ${readText(top, "message")?.slice(0, 500)}`)) {
    said.scope = "secondary";
    said.defaultMs = 60_000;
  }
}
