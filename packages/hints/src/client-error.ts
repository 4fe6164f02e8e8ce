import { parsedBody } from "./body.ts";
import { fieldsOf } from "./fields.ts";
import { find, isNumber, isObject, isStatus, isStream, listAt, numberAt, read, textAt } from "./reading.ts";
import type { Exchange } from "./resolve.ts";

/**
 * The codes that AWS' own clients take for throttling (@smithy/service-error-classification), but for LimitExceededException
 * and TransactionInProgressException, with which services refuse for other reasons too.
 */
const AWS_THROTTLED = /Throttl|^(?:Request|Bandwidth)Limit|^TooManyReq|ThroughputExceeded|^SlowDown|^PriorReq/;

/**
 * Where clients keep the body: `body` (Notion as text, HubSpot), `data` (X, Slack), `error` (openai the inner object, Anthropic
 * the whole); `data` (axios, octokit) or `body` (got, Shopify) of the response; `raw` (Stripe), `rawError` (discord.js),
 * `responseBody` (AI SDK), JSON in `message` (@google/genai).
 */
const OWN_BODY = ["body", "data", "error"];
const HIDDEN_BODY = ["raw", "rawError", "responseBody", "message"];

/** What an error was made of: its `cause`, the last attempt (the AI SDK's `lastError`), all that failed together (AggregateError). */
export const causesOf = (error: unknown): object[] =>
  [read(error, "cause"), read(error, "lastError"), ...listAt(error, "errors")].filter(isObject);

/** Finds the answer inside an error, by where clients keep its parts. */
export function answerIn(error: unknown): Exchange {
  // AWS clients say `$response`; Shopify's clients return `errors` with the response in it.
  const response = find(error, ["response", "$response"], isObject) ?? read(read(error, "errors"), "response");
  const status =
    find(error, ["status", "statusCode"], isStatus) ??
    find(response, ["status", "statusCode", "code"], isStatus) ??
    find(read(error, "$metadata"), ["httpStatusCode"], isStatus) ??
    find(error, ["code"], isStatus);
  const headers =
    find(error, ["headers"], isObject) ??
    find(response, ["headers"], isObject) ??
    // The AI SDK; gRPC's trailers.
    find(error, ["responseHeaders", "metadata"], isObject);
  return {
    status,
    fields: fieldsOf(headers),
    // Without a body the error's own `code`, `type` and `errors`.
    body: bodyAt(error, OWN_BODY) ?? bodyAt(response, OWN_BODY) ?? bodyAt(error, HIDDEN_BODY) ?? error,
    clientMs: clientMs(error, response),
    refused: hasRefused(error),
  };
}

/** The first that is a body and has been read, parsed. */
export function bodyAt(from: unknown, names: readonly string[]): unknown {
  // GraphQL clients take the answer apart, and `data` may be there beside it.
  if (listAt(from, "errors")[0] || isObject(read(from, "extensions"))) return from;
  for (const name of names) {
    const body = parsedBody(read(from, name));
    if (isObject(body) && !isStream(body)) return body;
  }
  return undefined;
}

/**
 * Waits that a client worked out: Slack and Shopify in seconds, @discordjs/rest in ms (with `timeToReset`),
 * rate-limiter-flexible in ms (`msBeforeNext`).
 */
function clientMs(error: unknown, response: unknown): number {
  const seconds = numberAt(error, "retryAfter") || numberAt(response, "retryAfter");
  return (
    find(error, ["retryAfterMs", "msBeforeNext"], isNumber) ??
    (isNumber(read(error, "timeToReset")) ? seconds : seconds * 1e3)
  );
}

/** Errors without a status, each by properties that only it has. */
const hasRefused = (error: unknown): boolean =>
  // @discordjs/rest
  isNumber(numberAt(error, "timeToReset") + numberAt(error, "retryAfter")) ||
  // rate-limiter-flexible rejects with its result
  isNumber(numberAt(error, "msBeforeNext") + numberAt(error, "consumedPoints")) ||
  // AWS clients keep the service's code as the name, and its status is often 400
  read(read(error, "$retryable"), "throttling") === true ||
  (isObject(read(error, "$metadata")) && AWS_THROTTLED.test(textAt(error, "name"))) ||
  // gRPC's RESOURCE_EXHAUSTED
  (read(error, "code") === 8 && isObject(read(error, "metadata")));
