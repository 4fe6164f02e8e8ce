import { Counter, Gauge, Histogram, type Registry } from "prom-client";
import { COMMAND_SECONDS } from "./buckets.ts";
import { commands, faults, reconnects, suppressions } from "./channels.ts";
import { pulses } from "./pulse.ts";

const STATES = ["running", "paused", "draining"] as const;

/** This process' workers and their Redis. Answers how to stop. */
export function countWorkers(registry: Registry): (() => void)[] {
  const registers = [registry];
  // First of the three: metrics are read in the order in which they were registered, and this one sets the others.
  new Gauge({
    name: "headgate_workers",
    help: "Workers by state",
    labelNames: ["queue", "state"],
    registers,
    collect() {
      for (const each of [this, slots, busy]) each.reset();
      for (const pulse of pulses()) {
        for (const state of STATES) this.inc({ queue: pulse.queue, state }, pulse.state === state ? 1 : 0);
        slots.inc({ queue: pulse.queue }, pulse.slots);
        busy.inc({ queue: pulse.queue }, pulse.busy);
      }
    },
  });
  const slots = gauge(registry, "headgate_worker_slots", "Jobs that workers may run at once");
  const busy = gauge(registry, "headgate_worker_slots_busy", "Jobs that run now");
  new Gauge({
    name: "headgate_worker_last_fetch_timestamp_seconds",
    help: "When Redis last answered a worker's fetch",
    labelNames: ["queue"],
    aggregator: "max",
    registers,
    collect() {
      for (const { queue, lastFetchAt } of pulses()) this.set({ queue }, lastFetchAt / 1_000);
    },
  });
  new Gauge({
    name: "headgate_worker_draining",
    help: "Workers that are closing",
    registers,
    collect() {
      this.set(pulses().filter(({ state }) => state === "draining").length);
    },
  });
  const took = new Histogram({
    name: "headgate_redis_command_seconds",
    help: "Commands that move jobs, until their answer",
    buckets: COMMAND_SECONDS,
    labelNames: ["command"],
    registers,
  });
  const wrong = new Counter({
    name: "headgate_redis_errors_total",
    help: "What Redis refused, and lost connections",
    labelNames: ["kind"],
    registers,
  });
  const again = new Counter({ name: "headgate_redis_reconnects_total", help: "Attempts to connect again", registers });
  const suppressed = new Counter({
    name: "headgate_log_suppressed_total",
    help: "Errors that were counted instead of reported",
    labelNames: ["kind"],
    registers,
  });
  return [
    commands.watch(({ command, durationMs }) => took.observe({ command }, durationMs / 1_000)),
    faults.watch(({ kind }) => wrong.inc({ kind })),
    reconnects.watch(() => again.inc()),
    suppressions.watch(({ kind }) => suppressed.inc({ kind })),
  ];
}

function gauge(registry: Registry, name: string, help: string): Gauge<"queue"> {
  return new Gauge({ name, help, labelNames: ["queue"], registers: [registry] });
}
