import { headgateError } from "../errors.ts";
import { mismatch, pathOf } from "./mismatch.ts";
import { unstorable } from "./plain-json.ts";
import type { Queue } from "./queue.ts";
import type { StandardResult } from "./standard-schema.ts";

/**
 * Checks a payload against the queue's schema; the schema's output comes back. Synchronous where the schema is.
 * The error says where and what was expected, never the value: payloads stay out of logs.
 * @throws HG_PAYLOAD_INVALID
 */
export function parsePayload<In, Out>(queue: Queue<In, Out>, payload: unknown): Out | Promise<Out> {
  if (queue.payload === null) return payload as Out;
  let result: StandardResult<Out> | PromiseLike<StandardResult<Out>>;
  try {
    result = queue.payload["~standard"].validate(payload);
  } catch (cause) {
    throw schemaThrew(queue, cause);
  }
  if (!("then" in result)) return outputOf(queue, payload, result);
  // Not only a Promise of this realm: another thenable's missing `issues` would pass for a success.
  return Promise.resolve(result).then(
    (settled) => outputOf(queue, payload, settled),
    (cause: unknown) => {
      throw schemaThrew(queue, cause);
    },
  );
}

function outputOf<In, Out>(queue: Queue<In, Out>, payload: unknown, result: StandardResult<Out>): Out {
  if (!result.issues) return result.value;
  const [issue] = result.issues;
  throw headgateError("HG_PAYLOAD_INVALID", {
    what: `queue "${queue.name}"${pathOf(issue?.path)}`,
    ...mismatch(queue.payload?.["~standard"].vendor, issue, payload),
    details: { issues: result.issues.length },
  });
}

const schemaThrew = (queue: Queue, cause: unknown): Error =>
  headgateError("HG_PAYLOAD_INVALID", {
    what: `queue "${queue.name}"`,
    message: "The queue's schema threw instead of answering",
    expected: "issues or a value",
    got: "an exception",
    fix: "Correct the schema in defineQueue; `cause` is what it threw.",
    cause,
  });

/**
 * The payload as it is stored: plain JSON, so that plain BullMQ reads it too.
 * @throws HG_PAYLOAD_INVALID when JSON cannot hold all of it, HG_PAYLOAD_TOO_LARGE
 */
export function serializePayload<In, Out>(queue: Queue<In, Out>, value: Out): string {
  let text: string | undefined;
  let lost: ReturnType<typeof unstorable>;
  try {
    // In this order: what stringify lets pass has no cycle.
    text = JSON.stringify(value);
    lost = unstorable(value);
  } catch (cause) {
    throw notJson(queue, "", "a value that JSON.stringify refuses", cause);
  }
  if (lost) throw notJson(queue, pathOf(lost.path), lost.got);
  if (text === undefined) throw notJson(queue, "", "nothing");
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

const notJson = (queue: Queue, path: string, got: string, cause?: unknown): Error =>
  headgateError("HG_PAYLOAD_INVALID", {
    what: `queue "${queue.name}"${path}`,
    message: "A payload cannot be stored",
    expected: "what JSON can hold without loss",
    got,
    fix: "Enqueue plain data: objects, arrays, strings, finite numbers, booleans, null.",
    cause,
  });
