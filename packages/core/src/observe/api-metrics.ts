import { Counter, Histogram, type Registry } from "prom-client";
import { PAYLOAD_BYTES, RUN_SECONDS, WAIT_SECONDS } from "./buckets.ts";
import { admissions, requests, signals } from "./channels.ts";

/** What this process heard from the API, and what its producers were told. Answers how to stop. */
export function countApi(registry: Registry): (() => void)[] {
  const registers = [registry];
  const called = new Counter({
    name: "headgate_api_requests_total",
    help: "Calls of the API, as ctx.fetch saw them or an error told",
    labelNames: ["limiter", "outcome"],
    registers,
  });
  const took = new Histogram({
    name: "headgate_api_request_duration_seconds",
    help: "Calls with ctx.fetch: until the headers of the answer",
    buckets: RUN_SECONDS,
    labelNames: ["limiter", "outcome"],
    registers,
  });
  const told = new Counter({
    name: "headgate_rate_limit_signals_total",
    help: "How often the API said that it is at its limit, and where it said for how long",
    labelNames: ["limiter", "source", "scope"],
    registers,
  });
  const asked = new Histogram({
    name: "headgate_rate_limit_delay_seconds",
    help: "How long the API asked to be left alone",
    buckets: WAIT_SECONDS,
    labelNames: ["limiter", "source"],
    registers,
  });
  const admitted = new Counter({
    name: "headgate_admissions_total",
    help: "Answers to enqueues",
    labelNames: ["queue", "decision", "reason"],
    registers,
  });
  const waited = new Histogram({
    name: "headgate_admission_wait_seconds",
    help: "How long producers waited for the answer",
    buckets: WAIT_SECONDS,
    labelNames: ["queue"],
    registers,
  });
  const payload = new Histogram({
    name: "headgate_job_payload_bytes",
    help: "Size of payloads, as JSON",
    buckets: PAYLOAD_BYTES,
    labelNames: ["queue"],
    registers,
  });
  return [
    requests.watch(({ limiter, outcome, durationMs }) => {
      called.inc({ limiter, outcome });
      if (durationMs !== null) took.observe({ limiter, outcome }, durationMs / 1_000);
    }),
    signals.watch(({ limiter, source, scope, delayMs }) => {
      told.inc({ limiter, source, scope });
      asked.observe({ limiter, source }, delayMs / 1_000);
    }),
    admissions.watch(({ queue, decision, reason, waitMs, payloadBytes }) => {
      admitted.inc({ queue, decision, reason });
      waited.observe({ queue }, waitMs / 1_000);
      payload.observe({ queue }, payloadBytes);
    }),
  ];
}
