import { mostInASecond } from "./ledger.ts";

const KINDS = "error|failed|stalled|lock-lost|blocked|parked|crashed";

/** Pure: of the lines that tell of trouble, by event and error, most of one kind in any second. Those of the fleet's end do not count. */
export function mostTroubleInASecond(log: string): number {
  const [running = ""] = log.split(/\n\S+ draining .*signal=SIGTERM/);
  const times = new Map<string, number[]>();
  for (const [, clock, event, rest = ""] of running.matchAll(new RegExp(`^(\\S+) (${KINDS}) (.*)$`, "gm"))) {
    const kind = `${event} ${/ error=(\S+)/.exec(rest)?.[1] ?? ""}`;
    times.set(kind, [...(times.get(kind) ?? []), Date.parse(`1970-01-01T${clock}Z`)]);
  }
  return Math.max(0, ...Array.from(times.values(), mostInASecond));
}
