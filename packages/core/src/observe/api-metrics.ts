import { PAYLOAD_BYTES, RUN_SECONDS, WAIT_SECONDS } from "./buckets.ts";
import { admissions, guesses, permits, requests, signals } from "./channels.ts";
import type { Instruments } from "./instruments.ts";

/** What this process heard from the API, and how long its workers were kept from calling it. Answers how to stop. */
export function countApi(make: Instruments): (() => void)[] {
  const called = make.counter({
    name: "headgate_api_requests_total",
    help: "Calls of the API, as ctx.fetch saw them or an error told",
    labels: ["limiter", "outcome"],
    unit: "{request}",
  });
  const took = make.histogram({
    name: "headgate_api_request_duration_seconds",
    help: "Calls with ctx.fetch: until the headers of the answer",
    labels: ["limiter", "outcome"],
    unit: "s",
    buckets: RUN_SECONDS,
  });
  const told = make.counter({
    name: "headgate_rate_limit_signals_total",
    help: "How often the API said that it is at its limit, and where it said for how long",
    labels: ["limiter", "source", "scope"],
    unit: "{signal}",
  });
  const asked = make.histogram({
    name: "headgate_rate_limit_delay_seconds",
    help: "How long the API asked to be left alone; where it did not say, for how long the job was put back",
    labels: ["limiter", "source"],
    unit: "s",
    buckets: WAIT_SECONDS,
  });
  const permitted = make.histogram({
    name: "headgate_permit_wait_seconds",
    help: "How long a worker with a free slot and a job in sight had no permit for it; 0 where permit and job came at once",
    labels: ["limiter"],
    unit: "s",
    buckets: WAIT_SECONDS,
  });
  return [
    requests.watch(({ limiter, outcome, durationMs }) => {
      called({ limiter, outcome });
      if (durationMs !== null) took({ limiter, outcome }, durationMs / 1_000);
    }),
    signals.watch(({ limiter, source, scope, delayMs }) => {
      told({ limiter, source, scope });
      if (delayMs > 0) asked({ limiter, source }, delayMs / 1_000);
    }),
    guesses.watch(({ limiter, delayMs }) => asked({ limiter, source: "default" }, delayMs / 1_000)),
    permits.watch(({ limiter, waitMs }) => permitted({ limiter }, waitMs / 1_000)),
  ];
}

/** What this process' producers were told. Answers how to stop. */
export function countAdmissions(make: Instruments): (() => void)[] {
  const admitted = make.counter({
    name: "headgate_admissions_total",
    help: "Jobs that producers asked to enqueue, by the answer",
    labels: ["queue", "decision", "reason"],
    unit: "{job}",
  });
  const waited = make.histogram({
    name: "headgate_admission_wait_seconds",
    help: "How long producers waited for the answer",
    labels: ["queue"],
    unit: "s",
    buckets: WAIT_SECONDS,
  });
  const payload = make.histogram({
    name: "headgate_job_payload_bytes",
    help: "Size of payloads, as JSON",
    labels: ["queue"],
    unit: "By",
    buckets: PAYLOAD_BYTES,
  });
  return [
    admissions.watch(({ queue, decision, reason, waitMs, payloadBytes }) => {
      admitted({ queue, decision, reason });
      waited({ queue }, waitMs / 1_000);
      payload({ queue }, payloadBytes);
    }),
  ];
}
