export interface Trouble {
  readonly lines: number;
  readonly mostInASecond: number;
  /** What the lines say that was left out. */
  readonly suppressed: number;
}

const DAY_MS = 86_400_000;

/** The lines of a fleet's log that tell of trouble, by event and error. Those of its end do not count: what is left is told then. */
export function troublesOf(log: string): Map<string, Trouble> {
  const [running = ""] = log.split(/\n.* draining /);
  const times = new Map<string, { readonly at: number[]; suppressed: number }>();
  for (const line of running.split("\n")) {
    const [, clock, event] =
      /^(\d\d:\d\d:\d\d\.\d{3}) (error|failed|stalled|lock-lost|blocked|parked) /.exec(line) ?? [];
    if (clock === undefined) continue;
    const kind = `${event} ${/ error=(\S+)/.exec(line)?.[1] ?? ""}`.trim();
    const seen = times.get(kind) ?? { at: [], suppressed: 0 };
    seen.at.push(Date.parse(`1970-01-01T${clock}Z`));
    seen.suppressed += Number(/ suppressed=(\d+)/.exec(line)?.[1] ?? 0);
    times.set(kind, seen);
  }
  return new Map(
    Array.from(times, ([kind, { at, suppressed }]) => [
      kind,
      { lines: at.length, mostInASecond: most(at), suppressed },
    ]),
  );
}

const most = (times: readonly number[]): number =>
  Math.max(...times.map((from) => times.filter((at) => (at - from + DAY_MS) % DAY_MS < 1_000).length));
