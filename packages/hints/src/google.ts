import type { Said } from "./body.ts";
import { isObject, read, readNumber, readText } from "./reading.ts";
import { durationMs } from "./time.ts";

/**
 * Google's `error.details`: `RetryInfo.retryDelay` is the wait; a `QuotaFailure` on a daily quota (`…PerDay…`) or on a limit of
 * 0 is terminal, whatever the delay of some seconds beside it says.
 */
export function googleWait(error: unknown, base: () => number, said: Said): void {
  const details = read(error, "details");
  if (!Array.isArray(details)) return;
  for (const detail of details.slice(0, 20)) {
    const type = readText(detail, "@type") ?? "";
    if (type.endsWith("google.rpc.RetryInfo")) said.askedMs ??= delayMs(read(detail, "retryDelay"));
    if (type.endsWith("google.rpc.QuotaFailure")) quotaFailure(read(detail, "violations"), error, base, said);
  }
}

function quotaFailure(violations: unknown, error: unknown, base: () => number, said: Said): void {
  if (!Array.isArray(violations)) return;
  for (const violation of violations.slice(0, 20)) {
    const id = readText(violation, "quotaId") ?? "";
    const never =
      read(violation, "quotaValue") === "0" || /\blimit: 0\b/.test(readText(error, "message")?.slice(0, 2_000) ?? "");
    if (!never && !id.includes("PerDay")) continue;
    said.terminal = true;
    said.throttled = true;
    if (!never) said.defaultMs = pacificMidnightMs(base());
  }
}

/** `55s` in JSON, `{ seconds, nanos }` from a gRPC client. */
function delayMs(delay: unknown): number | undefined {
  if (typeof delay === "string") return durationMs(delay);
  if (!isObject(delay)) return undefined;
  const seconds = Number(read(delay, "seconds"));
  return Number.isFinite(seconds) ? seconds * 1_000 + (readNumber(delay, "nanos") ?? 0) / 1e6 : undefined;
}

/** Google's days end at midnight in California. An hour off on the two days when clocks change: then it is asked once too early. */
export function pacificMidnightMs(now: number): number {
  const clock = new Intl.DateTimeFormat("en-US", {
    timeZone: "America/Los_Angeles",
    timeStyle: "medium",
    hourCycle: "h23",
  });
  const [hours = 0, minutes = 0, seconds = 0] = clock.format(now).split(":").map(Number);
  return 86_400_000 - ((hours * 60 + minutes) * 60 + seconds) * 1_000;
}
