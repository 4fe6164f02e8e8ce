import type { Api, Verdict } from "./api.ts";
import type { Hint } from "./spec.ts";

/**
 * What an answer's header says. Retry-After in whole seconds, rounded up, as RFC 9110 has it; `RateLimit` and `RateLimit-Policy` as
 * in draft-ietf-httpapi-ratelimit-headers-08.
 */
export function hintsOf(hints: readonly Hint[], api: Api, verdict: Verdict, now: number): Record<string, string> {
  const headers: Record<string, string> = {};
  if (hints.includes("retry-after") && !verdict.accepted) {
    headers["retry-after"] = String(Math.max(1, Math.ceil(verdict.retryAfterMs / 1_000)));
  }
  const spec = api.limits[0]?.spec;
  if (hints.includes("ratelimit") && spec !== undefined && spec.kind !== "concurrency") {
    const { units, resetMs } = api.left(now);
    headers["ratelimit-policy"] = `"default";q=${spec.amount};w=${Math.ceil(spec.perMs / 1_000)}`;
    headers["ratelimit"] = `"default";r=${units};t=${Math.ceil(resetMs / 1_000)}`;
  }
  return headers;
}
