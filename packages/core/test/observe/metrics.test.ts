import { defineLimiter, defineQueue } from "headgate";
import { createControl } from "headgate/control";
import { observeProcess, observeQueues, showBuild } from "headgate/metrics";
import { createProducer } from "headgate/producer";
import { createWorker, throttled } from "headgate/worker";
import { Registry } from "prom-client";
import { describe, expect, it, vi } from "vitest";
import { define } from "../support/programs/protocol.ts";
import { runTask } from "../support/programs/task.ts";
import { useRedis } from "../support/redis.ts";

const space = useRedis();

const summed = async (registry: Registry, name: string, labels: Record<string, string> = {}): Promise<number> => {
  const { values } = (await registry.getSingleMetric(name)?.get()) ?? { values: [] };
  return values
    .filter(({ labels: own }) => Object.entries(labels).every(([label, value]) => own[label as never] === value))
    .reduce((sum, { value }) => sum + value, 0);
};

describe("headgate/metrics without the command line", () => {
  it("counts what workers and producers of the process do, and shows what Redis says", async () => {
    const registry = new Registry();
    const stop = observeProcess(registry, { defaults: false });
    showBuild(registry, { version: "1.2.3", bullmq: "6.7.0" });
    const { queue } = define({
      namespace: space.namespace,
      limiter: "api",
      limiterOptions: { adaptive: false, concurrency: 7 },
      queue: "q",
      queueOptions: { capacity: 4, attempts: 2, backoff: { type: "fixed", delay: 1 } },
    });
    const state = space.use(observeQueues(registry, { connection: space.url, queues: [queue], slotsOf: () => 2 }));
    const producer = space.use(createProducer({ connection: space.url }));
    for (let index = 0; index < 3; index++) await producer.enqueue(queue, {}, { id: `${index}` });
    await producer.enqueue(queue, {}, { id: "0" });
    await state.refresh();
    const of = (name: string, labels?: Record<string, string>) => summed(registry, name, labels);
    expect(await of("headgate_admissions_total", { decision: "accepted" })).toBe(3);
    expect(await of("headgate_admissions_total", { decision: "duplicate" })).toBe(1);
    expect(await of("headgate_queue_depth_jobs", { queue: "q" })).toBe(3);
    expect(await of("headgate_queue_fill_ratio", { queue: "q" })).toBe(0.75);
    expect(await of("headgate_desired_workers", { queue: "q" })).toBe(2);
    expect(await of("headgate_limiter_concurrency", { limiter: "api" })).toBe(7);
    expect(await of("headgate_redis_up")).toBe(1);

    const worker = space.use(createWorker(queue, runTask, { connection: space.url, concurrency: 2 }));
    await producer.enqueue(queue, { failures: 1 }, { id: "twice", onPressure: "wait" });
    await vi.waitFor(async () => expect(await of("bullmq_job_completed_total", { queue: "q" })).toBe(4));
    expect(await of("headgate_jobs_processed_total", { outcome: "retried" })).toBe(1);
    expect(await of("headgate_worker_slots", { queue: "q" }), "set by the gauge before it").toBeGreaterThanOrEqual(0);
    expect(await of("headgate_workers", { queue: "q", state: "running" })).toBe(1);
    expect(await of("headgate_worker_slots", { queue: "q" })).toBe(2);
    await worker.close();
    expect(await of("headgate_workers", { queue: "q" })).toBe(0);
    stop();
    await producer.enqueue(queue, {}, { id: "unseen" });
    expect(await of("headgate_admissions_total", { decision: "accepted" })).toBe(4);
  });

  it("shows a spent quota while it keeps the gate shut, and counts the job that it put back", async () => {
    const registry = new Registry();
    const stop = observeProcess(registry, { defaults: false });
    const queue = defineQueue("q", { limiter: defineLimiter("api", { namespace: space.namespace }) });
    const state = space.use(observeQueues(registry, { connection: space.url, queues: [queue], slotsOf: () => 1 }));
    const control = space.use(createControl({ connection: space.url }));
    const of = async (name: string, labels?: Record<string, string>) => {
      await state.refresh();
      return summed(registry, name, labels);
    };
    let spent = true;
    const run = () => {
      if (spent) throw throttled({ terminal: true });
    };
    const producer = space.use(createProducer({ connection: space.url }));
    await producer.enqueue(queue, {});
    space.use(createWorker(queue, run, { connection: space.url }));
    const exhausted = "headgate_limiter_quota_exhausted";
    await vi.waitFor(async () => expect(await of(exhausted, { limiter: "api" })).toBe(1));
    await vi.waitFor(async () => expect(await of("headgate_job_deferrals_total", { reason: "quota" })).toBe(1));
    spent = false;
    await control.resume(queue.limiter);
    await vi.waitFor(async () => expect(await of("bullmq_job_completed_total", { queue: "q" })).toBe(1));
    expect(await of(exhausted, { limiter: "api" })).toBe(0);
    stop();
  });
});
