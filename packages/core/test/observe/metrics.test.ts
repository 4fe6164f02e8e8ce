import { Queue as BullQueue } from "bullmq";
import { defineLimiter, defineQueue } from "headgate";
import { createControl } from "headgate/control";
import { metricsText, observeProcess, observeQueues, showBuild } from "headgate/metrics";
import { createProducer } from "headgate/producer";
import { createWorker, throttled } from "headgate/worker";
import { Registry } from "prom-client";
import { describe, expect, it, vi } from "vitest";
import { isFetching } from "../../src/observe/pulse.ts";
import { OutageProxy } from "../support/outage-proxy.ts";
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
    const dead = (await registry.getSingleMetric("headgate_dead_letter_jobs_total")?.get())?.values ?? [];
    expect(
      dead.filter(({ labels }) => labels["queue"] === "q").map(({ value }) => value),
      "before there is any",
    ).toEqual([0, 0, 0, 0, 0]);
    expect(await of("headgate_worker_slots", { queue: "q" })).toBe(2);
    await worker.close();
    expect(await of("headgate_workers", { queue: "q" })).toBe(0);
    stop();
    await producer.enqueue(queue, {}, { id: "unseen" });
    expect(await of("headgate_admissions_total", { decision: "accepted" })).toBe(4);
  });

  it("tells how long workers were kept waiting for permits, and which permits were refused and expired", async () => {
    const registry = new Registry();
    const stop = observeProcess(registry, { defaults: false });
    const limiter = defineLimiter("api", {
      namespace: space.namespace,
      adaptive: false,
      limits: [{ unit: "requests", amount: 10, per: "1s", burst: 1 }],
    });
    const queue = defineQueue("q", { limiter });
    const state = space.use(observeQueues(registry, { connection: space.url, queues: [queue] }));
    const of = async (name: string, labels?: Record<string, string>) => {
      await state.refresh();
      return summed(registry, name, labels);
    };
    const producer = space.use(createProducer({ connection: space.url }));
    for (let index = 0; index < 6; index++) await producer.enqueue(queue, {});
    const done = vi.fn();
    const worker = space.use(createWorker(queue, done, { connection: space.url, concurrency: 2 }));
    await vi.waitFor(() => expect(done).toHaveBeenCalledTimes(6));
    await worker.close();
    stop();
    const text = await registry.getSingleMetricAsString("headgate_permit_wait_seconds");
    const seen = (part: string) => Number(new RegExp(`_seconds_${part}{limiter="api"} (\\S+)`).exec(text)?.[1]);
    expect(seen("count")).toBe(6);
    // The first came at once, five at 9 a second.
    expect(seen("sum")).toBeGreaterThan(0.4);
    expect(seen("sum")).toBeLessThan(1.5);
    expect(await of("headgate_permits_total", { limiter: "api", result: "granted" })).toBe(6);
    expect(await of("headgate_permits_total", { result: "refused" })).toBeGreaterThanOrEqual(5);
    expect(await of("headgate_permits_total", { result: "expired" })).toBe(0);
  });

  it("tells how long the API asked to be left alone, and what was done where it did not say", async () => {
    const registry = new Registry();
    const stop = observeProcess(registry, { defaults: false });
    const queue = defineQueue("q", { limiter: defineLimiter("api", { namespace: space.namespace, adaptive: false }) });
    const producer = space.use(createProducer({ connection: space.url }));
    const heard = [
      () => throttled({ retryAfterMs: 200 }),
      () => Object.assign(new Error("429"), { status: 429, headers: { "retry-after": "1" } }),
      () => throttled(),
    ];
    const run = () => {
      const next = heard.shift();
      if (next) throw next();
    };
    await producer.enqueue(queue, {});
    const worker = space.use(createWorker(queue, run, { connection: space.url }));
    const delays: number[] = [];
    worker.on("deferred", ({ delayMs }) => delays.push(delayMs));
    await new Promise((resolve) => worker.on("completed", resolve));
    stop();
    const text = await registry.getSingleMetricAsString("headgate_rate_limit_delay_seconds");
    const of = (part: string, source: string) =>
      Number(new RegExp(`_${part}{limiter="api",source="${source}"} (\\S+)`).exec(text)?.[1]);
    expect([of("count", "retry_after"), of("sum", "retry_after")]).toEqual([1, 1]);
    // What throttled() says, and the third delay, that nobody asked for.
    expect(of("count", "default")).toBe(2);
    expect(of("sum", "default")).toBeCloseTo(0.2 + (delays[2] ?? 0) / 1_000, 6);
    expect(delays[2]).toBeGreaterThan(0);
  });

  it("workers of a paused queue are paused, and ready; a gate is blocked for as long as it is shut", async () => {
    const registry = new Registry();
    const stop = observeProcess(registry, { defaults: false });
    const limiter = defineLimiter("api", { namespace: space.namespace, adaptive: false });
    const queue = defineQueue("paused", { limiter });
    const state = space.use(observeQueues(registry, { connection: space.url, queues: [queue] }));
    const control = space.use(createControl({ connection: space.url }));
    const producer = space.use(createProducer({ connection: space.url }));
    await producer.enqueue(queue, {});
    await control.pause(queue);
    const worker = space.use(createWorker(queue, () => undefined, { connection: space.url }));
    const workers = (state: string) => summed(registry, "headgate_workers", { queue: "paused", state });
    await vi.waitFor(async () => expect(await workers("paused")).toBe(1));
    expect(await workers("running")).toBe(0);
    expect(isFetching(worker.pulse, Date.now())).toBe(true);

    const blocked = async () => {
      await state.refresh();
      return summed(registry, "headgate_limiter_blocked_seconds_total", { limiter: "api" });
    };
    await control.pause(limiter, { for: "300ms" });
    await vi.waitFor(async () => expect((await control.status(limiter)).gate.closed).toBe(false));
    expect(await blocked()).toBeCloseTo(0.3, 6);
    await control.pause(limiter, { for: "1h" });
    await vi.waitFor(async () => expect(await blocked()).toBeGreaterThan(0.35));
    await control.resume(limiter);
    expect(await blocked(), "what is left of a gate that is opened before its time does not count").toBeLessThan(3);
    expect(await blocked()).toBeGreaterThan(0.35);

    await control.resume(queue);
    await vi.waitFor(async () => expect(await workers("running")).toBe(1));
    expect(await workers("paused")).toBe(0);
    stop();
  });

  it("has the job counts of BullMQ's own export, line for line", async () => {
    const registry = new Registry();
    const queue = defineQueue("q", { limiter: defineLimiter("api", { namespace: space.namespace }) });
    const state = space.use(observeQueues(registry, { connection: space.url, queues: [queue] }));
    const producer = space.use(createProducer({ connection: space.url }));
    await producer.enqueue(queue, {});
    await producer.enqueue(queue, {}, { priority: 2 });
    await producer.enqueue(queue, {}, { delay: "1h" });
    const { name, prefix } = queue.bullmq;
    const bull = space.use(new BullQueue(name, { prefix, connection: { url: space.url } }));
    await state.refresh();
    const counts = (text: string) =>
      Array.from(
        text.matchAll(/^bullmq_job_count\{queue="q", ?state="([^"]+)"\} (\d+)$/gm),
        ([, state, count]) => `${state} ${count}`,
      );
    const theirs = counts(await bull.exportPrometheusMetrics());
    expect(theirs).toContain("waiting 1");
    expect(counts(await metricsText(registry)).toSorted()).toEqual(theirs.toSorted());
  });

  it("the oldest job is found among prioritized ones, and in a paused queue", async () => {
    const registry = new Registry();
    const queue = defineQueue("q", { limiter: defineLimiter("api", { namespace: space.namespace }) });
    const state = space.use(observeQueues(registry, { connection: space.url, queues: [queue] }));
    const control = space.use(createControl({ connection: space.url }));
    const producer = space.use(createProducer({ connection: space.url }));
    const from = Date.now();
    const age = async () => {
      await state.refresh();
      return summed(registry, "headgate_queue_oldest_job_age_seconds");
    };
    await producer.enqueue(queue, {}, { priority: 7 });
    await vi.waitFor(async () => expect(await age()).toBeGreaterThanOrEqual(0.1));
    await producer.enqueue(queue, {}, { priority: 3 });
    await producer.enqueue(queue, {}, { priority: 7 });
    expect(await age()).toBeGreaterThanOrEqual(0.1);
    expect(await age()).toBeLessThanOrEqual((Date.now() - from) / 1_000 + 0.01);
    await control.pause(queue);
    expect(await age()).toBeGreaterThanOrEqual(0.1);
  });

  it("counts what a producer's Redis refuses, and that it is away, by kind", async () => {
    const registry = new Registry();
    const stop = observeProcess(registry, { defaults: false });
    const proxy = await OutageProxy.start(space.url);
    const queue = defineQueue("q", { limiter: defineLimiter("api", { namespace: space.namespace }) });
    const producer = space.use(createProducer({ connection: proxy.url, commandTimeout: "200ms" }));
    await producer.enqueue(queue, {});
    const kinds = async () => (await registry.getSingleMetric("headgate_redis_errors_total")?.get())?.values ?? [];
    const fails = async (): Promise<string[]> => {
      const before = await kinds();
      await expect(producer.enqueue(queue, {}, { onPressure: "refuse" })).rejects.toThrow();
      const count = (values: typeof before, kind: unknown) =>
        values.find(({ labels }) => labels["kind"] === kind)?.value ?? 0;
      return (await kinds()).map(({ labels }) => `${labels["kind"]}`).filter((kind) => count(before, kind) === 0);
    };
    for (const [answer, kind] of [
      ["OOM command not allowed when used memory > 'maxmemory'.", "oom"],
      ["CROSSSLOT Keys in request don't hash to the same slot", "crossslot"],
      ["NOPERM User default has no permissions to run the 'evalsha' command", "noperm"],
      ["MISCONF Redis is configured to save RDB snapshots", "other"],
    ] as const) {
      proxy.refuse(answer);
      expect(await fails()).toEqual([kind]);
    }
    await proxy.restore();
    proxy.hold();
    expect(await fails()).toEqual(["timeout"]);
    await proxy.restore();
    await proxy.cut();
    expect(await fails()).toEqual(["connection"]);
    await proxy.restore();
    await producer.enqueue(queue, {});
    stop();
    await producer.close();
    await proxy.close();
  });

  it("a Redis that hangs or is away: the figures are there within a second, and say so", async () => {
    const registry = new Registry();
    const proxy = await OutageProxy.start(space.url);
    const queue = defineQueue("q", { limiter: defineLimiter("api", { namespace: space.namespace }), capacity: 7 });
    const state = space.use(observeQueues(registry, { connection: proxy.url, queues: [queue] }));
    const look = async () => {
      const from = performance.now();
      await state.refresh();
      const tookMs = performance.now() - from;
      return { up: await summed(registry, "headgate_redis_up"), soon: tookMs < 1_000 };
    };
    expect(await look()).toEqual({ up: 1, soon: true });
    proxy.hold();
    expect(await look()).toEqual({ up: 0, soon: true });
    expect(await look()).toEqual({ up: 0, soon: true });
    expect(await summed(registry, "headgate_queue_capacity_jobs"), "as it last was").toBe(7);
    await proxy.cut();
    expect(await look()).toEqual({ up: 0, soon: true });
    await proxy.restore();
    await vi.waitFor(async () => expect(await look()).toEqual({ up: 1, soon: true }));
    await state.close();
    await proxy.close();
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
