import { randomUUID } from "node:crypto";
import { headgateError } from "../errors.ts";

/**
 * BullMQ refuses ids that look like numbers or hold colons, and an id must not meet one of a queue's own keys ("wait",
 * "meta"). So a stored id starts with `~`, and what is not [A-Za-z0-9._-] is percent-encoded: readable and reversible.
 */
const MARK = "~";
const ID_MOST_BYTES = 256;
/** Encoded to itself: nearly all ids. */
const PLAIN = /^~[A-Za-z0-9._-]{1,256}$/;

export function encodeId(id: string): string {
  if (typeof id !== "string" || id.length === 0 || Buffer.byteLength(id) > ID_MOST_BYTES || !id.isWellFormed()) {
    throw headgateError("HG_ID_INVALID", { expected: `a well-formed string of 1 to ${ID_MOST_BYTES} bytes`, got: id });
  }
  return (
    MARK + encodeURIComponent(id).replace(/[!'()*~]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`)
  );
}

/**
 * The caller's id; an id that plain BullMQ made comes back as it is. So does one that only looks like ours ("~%41", "~"):
 * as "A" it would name another job.
 */
export function decodeId(encoded: string): string {
  if (!encoded.startsWith(MARK)) return encoded;
  if (PLAIN.test(encoded)) return encoded.slice(MARK.length);
  try {
    const id = decodeURIComponent(encoded.slice(MARK.length));
    return encodeId(id) === encoded ? id : encoded;
  } catch {
    return encoded;
  }
}

/** An id that createId made needs no encoding. */
export const encodeOwnId = (id: string): string => MARK + id;

export const createId = (): string => randomUUID();
