import { isHeadgateError } from "../errors.ts";
import { faultOf } from "../redis/fault.ts";

/** Pure: what errors are counted and damped by. Few values, none of them from job data. */
export function kindOf(error: unknown): string {
  if (isHeadgateError(error)) return error.code;
  const fault = faultOf(error);
  if (fault !== null) return fault;
  const { name = "Error", message = "", code } = (error ?? {}) as { name?: string; message?: string; code?: unknown };
  if (message.startsWith("could not renew lock")) return "lock";
  return typeof code === "string" ? code : name;
}

/** An ioredis error carries the command that failed, and with it job data: only the command's name stays. */
export function withoutData<T>(error: T): T {
  const carrier = error as { command?: { name?: string } } | null;
  if (typeof carrier === "object" && carrier?.command) carrier.command = { name: carrier.command.name ?? "" };
  return error;
}
