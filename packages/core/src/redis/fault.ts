import { type HeadgateError, headgateError, isHeadgateError } from "../errors.ts";

/** Replies with which Redis says that it cannot serve now, by the word they start with. */
const kinds = [
  "OOM",
  "READONLY",
  "LOADING",
  "CLUSTERDOWN",
  "MASTERDOWN",
  "NOREPLICAS",
  "NOAUTH",
  "NOPERM",
  "BUSY",
  "TRYAGAIN",
  "UNBLOCKED",
] as const;

/** What the network says where nobody is reached, names that are not found for a while included. */
const UNREACHED: ReadonlySet<string> = new Set([
  "ECONNREFUSED",
  "ECONNRESET",
  "EPIPE",
  "ETIMEDOUT",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH",
]);

/** Pure: which kind of infrastructure trouble an error of the Redis client is; null when it is something else. */
export function faultOf(error: unknown): string | null {
  const { name = "", message = "", code = "" } = (error ?? {}) as { name?: string; message?: string; code?: string };
  // A script that Redis ended half-way quotes the reply: "ERR ... OOM command not allowed".
  const kind = kinds.find(
    (word) =>
      message.startsWith(word) || message.includes(`-${word} `) || message.includes(`${word} command not allowed`),
  );
  if (kind) return kind.toLowerCase();
  if (UNREACHED.has(code)) return "connection";
  if (name === "MaxRetriesPerRequestError" || message === "Connection is closed.") return "connection";
  // A cluster of which a node, or every node, stayed away for too long.
  if (name === "ClusterAllFailedError" || message.startsWith("Too many Cluster redirections")) return "connection";
  return null;
}

/** Pure: Redis answers, but cannot do now what it will do later: after a failover, while it loads, when memory is free again. */
export function isTemporary(error: unknown): boolean {
  const fault = faultOf(error);
  return (
    (fault !== null && fault !== "connection") || (error as Error | null)?.message?.startsWith(NOT_REGISTERED) === true
  );
}

/** How our scripts say that somebody emptied Redis. */
export const NOT_REGISTERED = "HG_NOT_REGISTERED";

/** How the outcome of an enqueue that failed is known: a refusal by Redis stored nothing, a lost connection says nothing. */
export function enqueueFault(error: unknown, id: string): unknown {
  // A start that failed: nothing was sent.
  if (isHeadgateError(error) && error.code.startsWith("HG_REDIS_") && error.outcome === undefined) {
    const { code, expected, got, cause } = error;
    return headgateError(code, { expected, got, cause, details: { id, outcome: "not-sent" } });
  }
  const kind = faultOf(error);
  if (kind === null) return error;
  return unavailable(kind, id, kind === "connection" ? "unknown" : "not-sent", error);
}

export function unavailable(kind: string, id: string, outcome: "unknown" | "not-sent", cause?: unknown): HeadgateError {
  return headgateError("HG_REDIS_UNAVAILABLE", { got: kind, details: { kind, id, outcome }, cause });
}
