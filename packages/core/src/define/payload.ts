import { headgateError } from "../errors.ts";
import type { Queue } from "./queue.ts";
import type { StandardIssue, StandardResult } from "./standard-schema.ts";

/**
 * Checks a payload against the queue's schema; the schema's output comes back. Synchronous where the schema is.
 * The error says where and what was expected, never the value: payloads stay out of logs.
 * @throws HG_PAYLOAD_INVALID
 */
export function parsePayload<In, Out>(queue: Queue<In, Out>, payload: unknown): Out | Promise<Out> {
  if (queue.payload === null) return payload as Out;
  const result = queue.payload["~standard"].validate(payload);
  return result instanceof Promise ? result.then((settled) => valueOf(queue, settled)) : valueOf(queue, result);
}

function valueOf<In, Out>(queue: Queue<In, Out>, result: StandardResult<Out>): Out {
  if (!result.issues) return result.value;
  const issue = result.issues[0];
  throw headgateError("HG_PAYLOAD_INVALID", {
    what: `queue "${queue.name}"${pathOf(issue)}`,
    expected: "what the queue's schema says",
    got: issue?.message ?? "something else",
    details: { issues: result.issues.length },
  });
}

const pathOf = (issue: StandardIssue | undefined): string =>
  (issue?.path ?? []).map((part) => `.${String(typeof part === "object" ? part.key : part)}`).join("");

/**
 * The payload as it is stored: plain JSON, so that plain BullMQ reads it too.
 * @throws HG_PAYLOAD_INVALID when JSON cannot hold it, HG_PAYLOAD_TOO_LARGE
 */
export function serializePayload<In, Out>(queue: Queue<In, Out>, value: Out): string {
  let text: string | undefined;
  try {
    text = JSON.stringify(value);
  } catch (cause) {
    throw headgateError("HG_PAYLOAD_INVALID", { what: `queue "${queue.name}"`, expected: "what JSON can hold", cause });
  }
  if (text === undefined) {
    throw headgateError("HG_PAYLOAD_INVALID", { what: `queue "${queue.name}"`, expected: "what JSON can hold", got: typeof value });
  }
  // A character is at most 3 bytes in UTF-8: only what might be too large is measured.
  if (text.length * 3 > queue.maxPayloadBytes && Buffer.byteLength(text) > queue.maxPayloadBytes) {
    throw headgateError("HG_PAYLOAD_TOO_LARGE", {
      what: `queue "${queue.name}"`,
      expected: `at most ${queue.maxPayloadBytes} bytes`,
      got: `${Buffer.byteLength(text)} bytes`,
    });
  }
  return text;
}
