import { isHeadgateError } from "../errors.ts";
import { faults, type RedisErrorKind } from "./channels.ts";

const WORDS: readonly RedisErrorKind[] = ["oom", "noscript", "readonly", "clusterdown", "crossslot", "noperm"];
const LOST = new Set(["ECONNREFUSED", "ECONNRESET", "EPIPE", "EHOSTUNREACH", "ENOTFOUND", "EAI_AGAIN"]);

/** Pure: null where an error is not Redis' (its own errors included: HG_NOT_REGISTERED comes from a script). */
export function redisErrorKind(error: unknown): RedisErrorKind | null {
  if (isHeadgateError(error)) return ofOurs(error.code, error.details["kind"], error.cause);
  const { name = "", message = "", code = "" } = (error ?? {}) as { name?: string; message?: string; code?: string };
  if (code === "ETIMEDOUT" || message === "Command timed out") return "timeout";
  if (LOST.has(code) || name === "MaxRetriesPerRequestError" || message === "Connection is closed.")
    return "connection";
  if (name !== "ReplyError" || message.startsWith("HG_")) return null;
  // The word is the first; of a script that was ended half-way the reply is quoted: "ERR ... OOM command not allowed".
  const word = WORDS.find((kind) => new RegExp(`^${kind}\\b|-${kind} |\\b${kind} command`, "i").test(message));
  return word ?? "other";
}

/** Tells whoever counts. */
export function tellFault(error: unknown): void {
  if (!faults.isWatched) return;
  const kind = redisErrorKind(error);
  if (kind !== null) faults.tell({ kind });
}

/** HG_REDIS_UNAVAILABLE says itself what it was, or carries it. */
function ofOurs(code: string, kind: unknown, cause: unknown): RedisErrorKind | null {
  if (!code.startsWith("HG_REDIS_UN")) return null;
  return redisErrorKind(cause) ?? (kind === "timeout" ? "timeout" : "connection");
}
