import type { RequestSeen } from "../observe/channels.ts";
import type { Verdict } from "./classify.ts";

/** Pure: how a call ended that was answered, or whose error says what the API answered. */
export function failureOutcome({ throttled, kind }: Verdict, status = 429): RequestSeen["outcome"] {
  if (throttled) return kind === "quota" ? "quota_exhausted" : kind === "overload" ? "overloaded" : "throttled";
  if (status >= 500) return "server_error";
  return status >= 400 ? "client_error" : "ok";
}

/** Pure: how a call ended that was not answered. */
export function requestOutcome(error: unknown): "timeout" | "network" {
  const { name = "" } = (error ?? {}) as { name?: string };
  return name === "AbortError" || name === "TimeoutError" || name === "HeadgateError" ? "timeout" : "network";
}
