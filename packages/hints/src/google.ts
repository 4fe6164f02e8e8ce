import type { Said } from "./body.ts";
import { isText, listAt, numberAt, read, textAt } from "./reading.ts";
import { durationMs } from "./time.ts";

/**
 * Google's `error.details`: `RetryInfo.retryDelay` is the wait; a `QuotaFailure` on a daily quota (`…PerDay…`) or on a limit of
 * 0 is terminal, whatever the delay of some seconds beside it says.
 */
export function googleSays(error: unknown, base: () => number, said: Said): void {
  for (const detail of listAt(error, "details")) {
    said.askedMs ||= delayMs(read(detail, "retryDelay"));
    for (const violation of listAt(detail, "violations")) {
      const id = textAt(violation, "quotaId");
      const never =
        read(violation, "quotaValue") === "0" || (id !== "" && /\blimit: 0\b/.test(textAt(error, "message")));
      if (!never && !id.includes("PerDay")) continue;
      said.terminal = true;
      said.throttled = true;
      if (!never) said.defaultMs = pacificMidnightMs(base());
    }
  }
}

/** `55s` in JSON, `{ seconds, nanos }` from a gRPC client. */
const delayMs = (delay: unknown): number =>
  isText(delay) ? durationMs(delay) : Number(read(delay, "seconds")) * 1e3 + (numberAt(delay, "nanos") || 0) / 1e6;

/** Google's days end at midnight in California. An hour off on the two days when clocks change: then it is asked once too early. */
function pacificMidnightMs(now: number): number {
  const clock = new Date(now).toLocaleTimeString("en-US", { timeZone: "America/Los_Angeles", hourCycle: "h23" });
  const [hours = 0, minutes = 0, seconds = 0] = clock.split(":").map(Number);
  return 864e5 - ((hours * 60 + minutes) * 60 + seconds) * 1e3;
}
