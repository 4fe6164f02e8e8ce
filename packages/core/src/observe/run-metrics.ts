import { DRAIN_SECONDS, RUN_SECONDS, WAIT_SECONDS } from "./buckets.ts";
import { drains, failureReasons, locksLost, type RunSeen, runs, stalls } from "./channels.ts";
import type { Instruments } from "./instruments.ts";
import { pulses } from "./pulse.ts";

/** That have a worker here. */
const queues = (): string[] => [...new Set(pulses().map(({ queue }) => queue))];

/** What became of jobs in this process. Answers how to stop. */
export function countRuns(make: Instruments): (() => void)[] {
  const jobs = <Label extends string>(name: string, help: string, ...labels: Label[]) =>
    make.counter({ name, help, labels: ["queue", ...labels], unit: "{job}" });
  const perQueue = (name: string, help: string) =>
    make.counter({ name, help, labels: ["queue"], unit: "{job}", known: () => queues().map((queue) => ({ queue })) });
  const seconds = <Label extends string>(name: string, help: string, buckets: number[], ...labels: Label[]) =>
    make.histogram({ name, help, labels: ["queue", ...labels], unit: "s", buckets });

  const processed = jobs("headgate_jobs_processed_total", "Runs by how they ended", "outcome");
  const completed = jobs("bullmq_job_completed_total", "Jobs that completed");
  const failed = jobs("bullmq_job_failed_total", "Jobs that failed for good");
  const dead = make.counter<"queue" | "reason">({
    name: "headgate_dead_letter_jobs_total",
    help: "Jobs that went to the failed set, by why",
    labels: ["queue", "reason"],
    unit: "{job}",
    known: () => queues().flatMap((queue) => failureReasons.map((reason) => ({ queue, reason }))),
  });
  const deferred = jobs("headgate_job_deferrals_total", "Jobs put back because the API was at its limit", "reason");
  const waited = seconds("headgate_job_wait_seconds", "From the enqueue to the start of a run", WAIT_SECONDS);
  const ran = seconds("headgate_job_processing_seconds", "Length of runs", RUN_SECONDS, "outcome");
  const whole = seconds("headgate_job_end_to_end_seconds", "From the enqueue to the end of a job", WAIT_SECONDS);
  const delayed = seconds("headgate_job_deferral_seconds", "How long deferred jobs were put back", WAIT_SECONDS);
  const drained = make.histogram({
    name: "headgate_worker_drain_seconds",
    help: "How long workers took to close",
    labels: [],
    unit: "s",
    buckets: DRAIN_SECONDS,
  });
  const stalled = perQueue("headgate_jobs_stalled_total", "Jobs whose worker was gone");
  const lost = perQueue("headgate_job_locks_lost_total", "Runs that lost their job's lock");

  const see = ({ queue, outcome, reason, waitMs, runMs, endToEndMs, delayMs }: RunSeen): void => {
    processed({ queue, outcome });
    waited({ queue }, waitMs / 1_000);
    ran({ queue, outcome }, runMs / 1_000);
    if (outcome === "deferred") {
      deferred({ queue, reason: reason ?? "throttled" });
      // Behind a spent quota there is no delay: it waits for the gate.
      if (reason !== "quota") delayed({ queue }, delayMs / 1_000);
    }
    if (outcome === "completed") completed({ queue });
    if (outcome === "failed" || outcome === "dead") {
      failed({ queue });
      dead({ queue, reason: reason ?? "attempts" });
    }
    if (outcome !== "deferred" && outcome !== "retried") whole({ queue }, endToEndMs / 1_000);
  };
  return [
    runs.watch(see),
    stalls.watch(({ queue }) => stalled({ queue })),
    locksLost.watch(({ queue }) => lost({ queue })),
    drains.watch(({ durationMs }) => drained({}, durationMs / 1_000)),
  ];
}
