import { COMMAND_SECONDS } from "./buckets.ts";
import { commands, faults, reconnects, suppressions } from "./channels.ts";
import type { Instruments, Sample } from "./instruments.ts";
import { type Pulse, pulses } from "./pulse.ts";

const STATES = ["running", "paused", "draining"] as const;

/** This process' workers. */
export function showWorkers(make: Instruments): void {
  make.gauge(
    { name: "headgate_workers", help: "Workers by state", labels: ["queue", "state"], unit: "{worker}" },
    function* (): Generator<Sample<"queue" | "state">> {
      for (const [queue, workers] of byQueue()) {
        for (const state of STATES) yield [{ queue, state }, workers.filter((worker) => worker.state === state).length];
      }
    },
  );
  const perQueue = (name: string, help: string, unit: string, of: (workers: Pulse[]) => number, together?: "max") =>
    make.gauge({ name, help, labels: ["queue"], unit, ...(together ? { together } : {}) }, function* (): Generator<
      Sample<"queue">
    > {
      for (const [queue, workers] of byQueue()) yield [{ queue }, of(workers)];
    });
  perQueue("headgate_worker_slots", "Jobs that workers may run at once", "{job}", (workers) =>
    workers.reduce((sum, { slots }) => sum + slots, 0),
  );
  perQueue("headgate_worker_slots_busy", "Jobs that run now", "{job}", (workers) =>
    workers.reduce((sum, { busy }) => sum + busy, 0),
  );
  perQueue(
    "headgate_worker_last_fetch_timestamp_seconds",
    "When Redis last answered a worker's fetch",
    "s",
    (workers) => Math.max(...workers.map(({ lastFetchAt }) => lastFetchAt / 1_000)),
    "max",
  );
  make.gauge(
    { name: "headgate_worker_draining", help: "Workers that are closing", labels: [], unit: "{worker}" },
    () => [[{}, pulses().filter(({ state }) => state === "draining").length]],
  );
}

function byQueue(): Map<string, Pulse[]> {
  const found = new Map<string, Pulse[]>();
  for (const pulse of pulses()) found.set(pulse.queue, [...(found.get(pulse.queue) ?? []), pulse]);
  return found;
}

/** How this process gets on with its Redis. Answers how to stop. */
export function countRedis(make: Instruments): (() => void)[] {
  const took = make.histogram({
    name: "headgate_redis_command_seconds",
    help: "Commands that store and move jobs, until their answer",
    labels: ["command"],
    unit: "s",
    buckets: COMMAND_SECONDS,
  });
  const wrong = make.counter({
    name: "headgate_redis_errors_total",
    help: "What Redis refused, and lost connections",
    labels: ["kind"],
    unit: "{error}",
  });
  const again = make.counter({
    name: "headgate_redis_reconnects_total",
    help: "Attempts to connect again",
    labels: [],
    unit: "{attempt}",
  });
  const suppressed = make.counter({
    name: "headgate_log_suppressed_total",
    help: "Errors that were counted instead of reported",
    labels: ["kind"],
    unit: "{error}",
  });
  return [
    commands.watch(({ command, durationMs }) => took({ command }, durationMs / 1_000)),
    faults.watch(({ kind }) => wrong({ kind })),
    reconnects.watch(() => again({})),
    suppressions.watch(({ kind }) => suppressed({ kind })),
  ];
}
