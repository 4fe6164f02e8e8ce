import { parsedBody } from "./body.ts";
import { fieldsOf } from "./fields.ts";
import { isObject, isStream, read, readNumber, readStatus, readText } from "./reading.ts";
import type { Exchange } from "./resolve.ts";

/**
 * The codes that AWS' own clients take for throttling (@smithy/service-error-classification), but for LimitExceededException
 * and TransactionInProgressException, with which services refuse for other reasons too.
 */
const AWS_THROTTLED = /Throttl|^(?:Request|Bandwidth)Limit|^TooManyReq|ThroughputExceeded|^SlowDown|^PriorReq/;

/** How deep `cause` is followed: a wrapper around a wrapper around a client's error. */
const CAUSES_MOST = 4;

/** Finds the answer inside an error: the error's own, or that of what caused it. */
export function clientSays(error: unknown): Exchange {
  const own = answerIn(error);
  let inner = error;
  let found = own;
  for (let depth = 0; found.status === undefined && !found.refused; depth++) {
    inner = read(inner, "cause") ?? read(inner, "lastError");
    if (depth === CAUSES_MOST || !isObject(inner)) return own;
    found = answerIn(inner);
  }
  return found;
}

function answerIn(error: unknown): Exchange {
  // AWS clients say `$response`; Shopify's clients return `errors` with the response in it.
  const response = read(error, "response") ?? read(error, "$response") ?? read(read(error, "errors"), "response");
  return {
    status:
      readStatus(error, "status") ??
      readStatus(error, "statusCode") ??
      readStatus(response, "status") ??
      readStatus(response, "statusCode") ??
      readStatus(response, "code") ??
      readStatus(read(error, "$metadata"), "httpStatusCode") ??
      readStatus(error, "code"),
    fields: fieldsOf(
      [
        read(error, "headers"),
        read(response, "headers"),
        read(error, "responseHeaders"),
        read(error, "metadata"), // gRPC
      ].find(isObject),
    ),
    body: bodyOf(error, response),
    clientMs: clientMs(error, response),
    refused: hasRefused(error),
  };
}

/**
 * Where clients keep the body: `error` (openai the inner object, Anthropic the whole), `body` (Notion as text, HubSpot), `data`
 * (X, Slack), `response.data` (axios, octokit), `response.body` (got, Shopify), `raw` (Stripe), `rawError` (discord.js),
 * `responseBody` (AI SDK), JSON in `message` (@google/genai); without any of them the error's own `code` and `type`.
 */
function bodyOf(error: unknown, response: unknown): unknown {
  for (const [from, names] of [
    [error, "error body data"],
    [response, "data body"],
    [error, "raw rawError responseBody message"],
  ] as const) {
    for (const name of names.split(" ")) {
      const body = parsedBody(read(from, name));
      if (isObject(body) && !isStream(body)) return body;
    }
  }
  return error;
}

/**
 * Waits that a client worked out: Slack and Shopify in seconds, @discordjs/rest in ms (with `timeToReset`),
 * rate-limiter-flexible in ms (`msBeforeNext`).
 */
function clientMs(error: unknown, response: unknown): number | undefined {
  const ms = readNumber(error, "retryAfterMs") ?? readNumber(error, "msBeforeNext");
  const wait = readNumber(error, "retryAfter") ?? readNumber(response, "retryAfter");
  if (ms !== undefined || wait === undefined) return ms;
  return readNumber(error, "timeToReset") === undefined ? wait * 1_000 : wait;
}

/** Errors without a status, each by properties that only it has. */
function hasRefused(error: unknown): boolean {
  // @discordjs/rest
  if (readNumber(error, "timeToReset") !== undefined && readNumber(error, "retryAfter") !== undefined) return true;
  // rate-limiter-flexible rejects with its result
  if (readNumber(error, "msBeforeNext") !== undefined && readNumber(error, "consumedPoints") !== undefined) return true;
  // AWS clients keep the service's code as the name, and its status is often 400; gRPC's RESOURCE_EXHAUSTED
  return (
    read(read(error, "$retryable"), "throttling") === true ||
    (isObject(read(error, "$metadata")) && AWS_THROTTLED.test(readText(error, "name") ?? "")) ||
    (read(error, "code") === 8 && isObject(read(error, "metadata")))
  );
}
