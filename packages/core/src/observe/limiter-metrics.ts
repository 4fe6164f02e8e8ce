import { Counter, Gauge, type Registry } from "prom-client";
import type { LimiterStatus } from "../control/status.ts";

/** Shows a limiter as Redis has it. */
export function limiterGauges(registry: Registry): (status: LimiterStatus, at: number) => void {
  const registers = [registry];
  const one = (name: string, help: string) =>
    new Gauge({ name: `headgate_limiter_${name}`, help, labelNames: ["limiter"], registers });
  const byUnit = (name: string, help: string) =>
    new Gauge({ name: `headgate_limiter_${name}`, help, labelNames: ["limiter", "unit"], registers });
  const quota = byUnit("quota", "Amount of a declared limit");
  const remaining = byUnit("remaining", "What could be granted at once now; negative after a cost above burst");
  const reset = byUnit("reset_timestamp_seconds", "When all of it is there again, if nothing is taken");
  const blocked = one("blocked", "1 while the gate is shut");
  const exhausted = one("quota_exhausted", "1 while the gate is shut by a quota that no short wait brings back");
  const rate = one("allowed_requests_per_second", "Pace of the controller; absent while it does not pace");
  const concurrency = one("concurrency", "Bound on jobs in flight; absent without one");
  const inFlight = one("inflight", "Jobs in flight over the whole fleet");
  const blockedSeconds = new Counter({
    name: "headgate_limiter_blocked_seconds_total",
    help: "How long the gate was shut, as scrapes saw it",
    labelNames: ["limiter"],
    registers,
  });
  const permits = new Counter({
    name: "headgate_permits_total",
    help: "Permits since the limiter was first registered",
    labelNames: ["limiter", "result"],
    registers,
  });
  const seen = new Map<string, { readonly at: number; readonly granted: number; readonly closed: boolean }>();

  return (status, at) => {
    const { limiter, gate, limits } = status;
    for (const { unit, amount, perMs, remaining: left } of limits) {
      quota.set({ limiter, unit }, amount);
      remaining.set({ limiter, unit }, left);
      reset.set({ limiter, unit }, Math.round((at + (Math.max(0, amount - left) / amount) * perMs) / 1_000));
    }
    blocked.set({ limiter }, gate.closed ? 1 : 0);
    exhausted.set({ limiter }, gate.closed && gate.reason === "quota" ? 1 : 0);
    inFlight.set({ limiter }, status.inFlight);
    set(rate, limiter, status.rate);
    set(concurrency, limiter, status.concurrency);
    const before = seen.get(limiter);
    const granted = status.totals.granted;
    permits.inc({ limiter, result: "granted" }, Math.max(0, granted - (before?.granted ?? 0)));
    blockedSeconds.inc({ limiter }, before?.closed && gate.closed ? (at - before.at) / 1_000 : 0);
    seen.set(limiter, { at, granted, closed: gate.closed });
  };
}

function set(gauge: Gauge<"limiter">, limiter: string, value: number | null): void {
  if (value === null || !Number.isFinite(value)) gauge.remove({ limiter });
  else gauge.set({ limiter }, value);
}
