import type { LimiterStatus } from "../control/status.ts";
import type { Declared, Instruments, Sample } from "./instruments.ts";

/** A limiter as Redis had it, and when that was read (epoch ms). */
export interface LimiterLook {
  readonly status: LimiterStatus;
  readonly at: number;
}

type OfLimiter = "limiter" | "unit";

/** Shows limiters as Redis has them. */
export function showLimiters(make: Instruments, looks: () => Iterable<LimiterLook>): void {
  const each = <Label extends string>(samples: (look: LimiterLook) => Iterable<Sample<Label>>) =>
    function* (): Generator<Sample<Label>> {
      for (const look of looks()) yield* samples(look);
    };
  const one = (declared: Omit<Declared, "labels">, value: (status: LimiterStatus) => number | null): void =>
    make.gauge(
      { ...declared, labels: ["limiter"] },
      each<"limiter">(({ status }) => {
        const shown = value(status);
        return shown === null || !Number.isFinite(shown) ? [] : [[{ limiter: status.limiter }, shown]];
      }),
    );
  const byUnit = (
    declared: Omit<Declared, "labels">,
    value: (limit: LimiterStatus["limits"][number], at: number) => number,
  ): void =>
    make.gauge(
      { ...declared, labels: ["limiter", "unit"] },
      each<OfLimiter>(({ status: { limiter, limits }, at }) =>
        limits.map((limit): Sample<OfLimiter> => [{ limiter, unit: limit.unit }, value(limit, at)]),
      ),
    );

  byUnit({ name: "headgate_limiter_quota", help: "Amount of a declared limit", unit: "1" }, ({ amount }) => amount);
  byUnit(
    {
      name: "headgate_limiter_remaining",
      help: "What could be granted at once now; negative after a cost above burst",
      unit: "1",
    },
    ({ remaining }) => remaining,
  );
  byUnit(
    {
      name: "headgate_limiter_reset_timestamp_seconds",
      help: "When all of it is there again, if nothing is taken",
      unit: "s",
    },
    ({ amount, remaining, perMs }, at) => Math.round((at + (Math.max(0, amount - remaining) / amount) * perMs) / 1_000),
  );
  one({ name: "headgate_limiter_blocked", help: "1 while the gate is shut", unit: "1" }, ({ gate }) =>
    gate.closed ? 1 : 0,
  );
  one(
    {
      name: "headgate_limiter_quota_exhausted",
      help: "1 while the gate is shut by a quota that no short wait brings back",
      unit: "1",
    },
    ({ gate }) => (gate.closed && gate.reason === "quota" ? 1 : 0),
  );
  one(
    {
      name: "headgate_limiter_allowed_requests_per_second",
      help: "Pace of the controller; absent while it does not pace",
      unit: "{request}/s",
    },
    ({ rate }) => rate,
  );
  one(
    { name: "headgate_limiter_concurrency", help: "Bound on jobs in flight; absent without one", unit: "{job}" },
    ({ concurrency }) => concurrency,
  );
  one(
    { name: "headgate_limiter_inflight", help: "Jobs in flight over the whole fleet", unit: "{job}" },
    ({ inFlight }) => inFlight,
  );
  make.total(
    {
      name: "headgate_limiter_blocked_seconds_total",
      help: "How long the gate was shut since the limiter was first registered",
      labels: ["limiter"],
      unit: "s",
    },
    each<"limiter">(({ status: { limiter, shutMs } }) => [[{ limiter }, shutMs / 1_000]]),
  );
  make.total(
    {
      name: "headgate_permits_total",
      help: "Permits since the limiter was first registered, by what became of the asking",
      labels: ["limiter", "result"],
      unit: "{permit}",
    },
    each<"limiter" | "result">(({ status: { limiter, totals } }) =>
      (["granted", "refused", "expired"] as const).map(
        (result): Sample<"limiter" | "result"> => [{ limiter, result }, totals[result]],
      ),
    ),
  );
}
