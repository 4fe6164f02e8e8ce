import { Counter, Histogram, type Registry } from "prom-client";
import { RUN_SECONDS, WAIT_SECONDS } from "./buckets.ts";
import { drains, locksLost, type RunSeen, runs, stalls } from "./channels.ts";

/** What became of jobs in this process. Answers how to stop. */
export function countRuns(registry: Registry): (() => void)[] {
  const registers = [registry];
  const queue = ["queue"] as const;
  const processed = new Counter({
    name: "headgate_jobs_processed_total",
    help: "Runs by how they ended",
    labelNames: ["queue", "outcome"],
    registers,
  });
  const completed = new Counter({
    name: "bullmq_job_completed_total",
    help: "Jobs that completed",
    labelNames: queue,
    registers,
  });
  const failed = new Counter({
    name: "bullmq_job_failed_total",
    help: "Jobs that failed for good",
    labelNames: queue,
    registers,
  });
  const dead = new Counter({
    name: "headgate_dead_letter_jobs_total",
    help: "Jobs that went to the failed set, by why",
    labelNames: ["queue", "reason"],
    registers,
  });
  const deferred = new Counter({
    name: "headgate_job_deferrals_total",
    help: "Jobs put back because the API was at its limit",
    labelNames: ["queue", "reason"],
    registers,
  });
  const seconds = (name: string, help: string, buckets: number[], labelNames: readonly string[] = queue) =>
    new Histogram({ name, help, buckets, labelNames, registers });
  const waited = seconds("headgate_job_wait_seconds", "From the enqueue to the start of a run", WAIT_SECONDS);
  const ran = seconds("headgate_job_processing_seconds", "Length of runs", RUN_SECONDS, ["queue", "outcome"]);
  const whole = seconds("headgate_job_end_to_end_seconds", "From the enqueue to the end of a job", WAIT_SECONDS);
  const delayed = seconds("headgate_job_deferral_seconds", "How long deferred jobs were put back", WAIT_SECONDS);
  const drained = new Histogram({
    name: "headgate_worker_drain_seconds",
    help: "How long workers took to close",
    buckets: [0.1, 1, 5, 10, 15, 20, 25, 30, 60],
    registers,
  });
  const stalled = new Counter({
    name: "headgate_jobs_stalled_total",
    help: "Jobs whose worker was gone",
    labelNames: queue,
    registers,
  });
  const lost = new Counter({
    name: "headgate_job_locks_lost_total",
    help: "Runs that lost their job's lock",
    labelNames: queue,
    registers,
  });

  const see = ({ queue, outcome, reason, waitMs, runMs, endToEndMs, delayMs }: RunSeen): void => {
    processed.inc({ queue, outcome });
    waited.observe({ queue }, waitMs / 1_000);
    ran.observe({ queue, outcome }, runMs / 1_000);
    if (outcome === "deferred") {
      deferred.inc({ queue, reason: reason ?? "throttled" });
      // Behind a spent quota there is no delay: it waits for the gate.
      if (reason !== "quota") delayed.observe({ queue }, delayMs / 1_000);
    }
    if (outcome === "completed") completed.inc({ queue });
    if (outcome === "failed" || outcome === "dead") {
      failed.inc({ queue });
      dead.inc({ queue, reason: reason ?? "attempts" });
    }
    if (outcome !== "deferred" && outcome !== "retried") whole.observe({ queue }, endToEndMs / 1_000);
  };
  return [
    runs.watch(see),
    stalls.watch(({ queue }) => stalled.inc({ queue })),
    locksLost.watch(({ queue }) => lost.inc({ queue })),
    drains.watch(({ durationMs }) => drained.observe(durationMs / 1_000)),
  ];
}
