import { expect, test, vi } from "vitest";
import { parseExposition } from "./support/exposition.ts";
import { fleetBench, isRunning } from "./support/fleet.ts";

test("/metrics: one valid text for the whole fleet, whose counters survive the processes that counted", async () => {
  const on = fleetBench();
  const fleet = await on.start("--processes", "2", "--quiet");
  await fleet.ready();
  await on.enqueue(60, { ms: 5 });
  await on.enqueue(4, { kind: "fail" }, 60);
  await on.enqueue(3, { kind: "throttled" }, 64);
  await on.until(({ completed, failed }) => completed === 63 && failed === 4);
  const read = async () => parseExposition(await (await fetch(`${fleet.url}/metrics`)).text());
  const sum = (families: Awaited<ReturnType<typeof read>>, name: string, labels: Record<string, string> = {}): number =>
    (families.get(name)?.samples ?? [])
      .filter((sample) => Object.entries(labels).every(([label, value]) => sample.labels[label] === value))
      .reduce((total, { value }) => total + value, 0);

  const families = await read();
  const of = (name: string, labels?: Record<string, string>) => sum(families, name, labels);
  expect(of("headgate_jobs_processed_total", { queue: "work", outcome: "completed" })).toBe(63);
  expect(of("headgate_jobs_processed_total", { queue: "work", outcome: "failed" })).toBe(4);
  expect(of("headgate_job_deferrals_total", { queue: "work", reason: "throttled" })).toBe(3);
  expect(of("headgate_dead_letter_jobs_total", { queue: "work", reason: "attempts" })).toBe(4);
  expect(of("headgate_api_requests_total", { limiter: "fleet-api", outcome: "throttled" })).toBe(3);
  expect(of("headgate_rate_limit_signals_total", { limiter: "fleet-api" })).toBe(3);
  expect(of("bullmq_job_completed_total", { queue: "work" })).toBe(63);
  expect(of("bullmq_job_count", { queue: "work", state: "failed" })).toBe(4);
  expect(of("headgate_workers", { queue: "work", state: "running" })).toBe(2);
  expect(of("headgate_worker_slots", { queue: "work" })).toBe(10);
  expect(of("headgate_worker_last_fetch_timestamp_seconds")).toBeGreaterThan(Date.now() / 1_000 - 30);
  expect(of("headgate_permits_total", { limiter: "fleet-api", result: "granted" })).toBe(70);
  expect(of("headgate_pressure_level")).toBe(1);
  expect(of("headgate_pressure_level", { level: "open" })).toBe(1);
  expect(of("headgate_desired_workers", { queue: "work" })).toBe(0);
  expect(of("headgate_redis_up")).toBe(1);
  expect(of("headgate_build_info")).toBe(1);
  expect(families.get("nodejs_eventloop_lag_seconds")?.type).toBe("gauge");
  expect([...families.keys()].filter((name) => !/^(headgate|bullmq|process|nodejs)_/.test(name))).toEqual([]);

  const pids = fleet.pids();
  fleet.process.kill("SIGHUP");
  await fleet.line("stderr", / rolled /);
  await vi.waitFor(() => expect(pids.filter(isRunning)).toEqual([]));
  const after = await read();
  expect(
    sum(after, "headgate_jobs_processed_total", { outcome: "completed" }),
    "counted by processes that are gone",
  ).toBe(63);
  expect(sum(after, "headgate_worker_drain_seconds")).toBeGreaterThan(0);
  expect(sum(after, "headgate_workers", { state: "running" })).toBe(2);

  const [victim = 0, ...others] = fleet.pids().filter(isRunning);
  process.kill(victim, "SIGKILL");
  const isNew = (pid: number) => isRunning(pid) && pid !== victim && !others.includes(pid);
  await vi.waitFor(() => expect(fleet.pids().filter(isNew)).not.toEqual([]), { timeout: 10_000 });
  await fleet.ready();
  const killed = await read();
  expect(sum(killed, "headgate_jobs_processed_total", { outcome: "completed" }), "told by one that was killed").toBe(
    63,
  );
  fleet.process.kill("SIGTERM");
  await fleet.ended;
});
