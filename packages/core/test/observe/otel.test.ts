import { metrics } from "@opentelemetry/api";
import {
  AggregationTemporality,
  DataPointType,
  InMemoryMetricExporter,
  MeterProvider,
  type MetricData,
  PeriodicExportingMetricReader,
} from "@opentelemetry/sdk-metrics";
import type { Telemetry } from "bullmq";
import { BullMQOtel } from "bullmq-otel";
import { observeProcess, observeQueues, showBuild } from "headgate/otel";
import { createProducer } from "headgate/producer";
import { createWorker } from "headgate/worker";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { otelName } from "../../src/observe/otel-name.ts";
import { define } from "../support/programs/protocol.ts";
import { runTask } from "../support/programs/task.ts";
import { useRedis } from "../support/redis.ts";
import { declaredMetrics } from "./declared.ts";

const space = useRedis();

/** A meter, and what an exporter was given at the last collection. */
function meterBench() {
  const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 });
  const provider = new MeterProvider({ readers: [reader] });
  onTestFinished(() => provider.shutdown());
  const collect = async (): Promise<Map<string, MetricData>> => {
    exporter.reset();
    await provider.forceFlush();
    const scopes = exporter.getMetrics().flatMap(({ scopeMetrics }) => scopeMetrics);
    return new Map(scopes.flatMap(({ metrics }) => metrics).map((metric) => [metric.descriptor.name, metric]));
  };
  return { provider, meter: provider.getMeter("headgate"), collect };
}

const points = (metric: MetricData | undefined) =>
  (metric?.dataPoints ?? []).map(({ attributes, value }) => ({
    ...attributes,
    value: metric?.dataPointType === DataPointType.HISTOGRAM ? (value as { count: number }).count : value,
  }));

/** Two jobs of which one is put back once, and one that ends in the failed set. */
async function someWork(telemetry?: Telemetry) {
  const { queue } = define({
    namespace: space.namespace,
    limiter: "api",
    limiterOptions: { adaptive: false, concurrency: 7 },
    queue: "q",
    queueOptions: { attempts: 1, capacity: 10 },
  });
  const producer = space.use(createProducer({ connection: space.url }));
  await producer.enqueue(queue, { deferrals: 1, retryAfterMs: 20 }, { id: "put-back" });
  await producer.enqueue(queue, { failures: 1 }, { id: "fails" });
  await producer.enqueue(queue, { failures: 1 }, { id: "fails" });
  const traced = telemetry ? { telemetry } : {};
  const worker = space.use(createWorker(queue, runTask, { connection: space.url, concurrency: 3, ...traced }));
  const ended = vi.fn();
  worker.on("completed", ended);
  worker.on("failed", ended);
  await vi.waitFor(() => expect(ended).toHaveBeenCalledTimes(2));
  return { queue, producer, worker };
}

describe("headgate/otel", () => {
  it("a meter gets the twins of all metrics, with their units and the same values", async () => {
    const { meter, collect } = meterBench();
    const stop = observeProcess(meter);
    showBuild(meter, { version: "1.2.3", bullmq: "6.7.0" });
    const { queue, producer } = await someWork();
    const state = space.use(observeQueues(meter, { connection: space.url, queues: [queue], slotsOf: () => 3 }));
    const seen = await collect();
    const of = (name: string) => points(seen.get(name));

    expect(of("headgate.jobs.processed")).toEqual([
      { queue: "q", outcome: "deferred", value: 1 },
      { queue: "q", outcome: "failed", value: 1 },
      { queue: "q", outcome: "completed", value: 1 },
    ]);
    expect(of("headgate.admissions")).toEqual([
      { queue: "q", decision: "accepted", value: 2 },
      { queue: "q", decision: "duplicate", value: 1 },
    ]);
    expect(of("headgate.job.wait")).toEqual([{ queue: "q", value: 3 }]);
    expect(seen.get("headgate.job.wait")?.descriptor).toMatchObject({
      unit: "s",
      advice: { explicitBucketBoundaries: [0.1, 1, 5, 15, 60, 300, 1_800, 7_200] },
    });
    expect(of("headgate.permit.wait")).toEqual([{ limiter: "api", value: 3 }]);
    expect(of("headgate.rate.limit.delay")).toEqual([{ limiter: "api", source: "default", value: 1 }]);
    expect(of("headgate.worker.slots")).toEqual([{ queue: "q", value: 3 }]);
    expect(of("headgate.queue.capacity")).toEqual([{ queue: "q", value: 10 }]);
    expect(of("headgate.limiter.concurrency")).toEqual([{ limiter: "api", value: 7 }]);
    expect(of("headgate.permits")).toContainEqual({ limiter: "api", result: "granted", value: 3 });
    expect(seen.get("headgate.permits")).toMatchObject({
      descriptor: { unit: "{permit}" },
      dataPointType: DataPointType.SUM,
      isMonotonic: true,
    });
    expect(of("headgate.redis.up")).toEqual([{ value: 1 }]);
    expect(of("headgate.build.info")).toMatchObject([{ version: "1.2.3", value: 1 }]);
    const declared = new Set((await declaredMetrics()).map(({ name }) => otelName(name)));
    expect([...seen.keys()].filter((name) => !declared.has(name))).toEqual([]);

    stop();
    await state.close();
    const before = of("headgate.admissions");
    await producer.enqueue(queue, {}, { id: "unseen" });
    const after = await collect();
    expect(points(after.get("headgate.admissions"))).toEqual(before);
    expect(points(after.get("headgate.permits")), "nobody asks Redis any more").toEqual(of("headgate.permits"));
  });

  it("the metrics of all messaging systems, for who opts in", async () => {
    const { meter, collect } = meterBench();
    vi.stubEnv("OTEL_SEMCONV_STABILITY_OPT_IN", "http,messaging/dup");
    const stop = observeProcess(meter);
    vi.unstubAllEnvs();
    await someWork();
    const seen = await collect();
    stop();
    const base = { "messaging.system": "bullmq", "messaging.destination.name": "q" };
    const does = (operation: string) => ({
      ...base,
      "messaging.operation.type": operation,
      "messaging.operation.name": operation,
    });
    expect(points(seen.get("messaging.client.sent.messages"))).toEqual([{ ...does("send"), value: 3 }]);
    expect(points(seen.get("messaging.client.consumed.messages"))).toEqual([{ ...does("receive"), value: 3 }]);
    expect(points(seen.get("messaging.process.duration"))).toEqual([
      { ...does("process"), "error.type": "throttled", value: 1 },
      { ...does("process"), "error.type": "attempts", value: 1 },
      { ...does("process"), value: 1 },
    ]);
    expect(seen.get("messaging.process.duration")?.descriptor.unit).toBe("s");
  });

  it("beside BullMQ's own meter, which takes a deferral for no failure", async () => {
    const { provider, collect } = meterBench();
    metrics.setGlobalMeterProvider(provider);
    const telemetry = new BullMQOtel({ tracerName: "t", meterName: "bullmq", enableMetrics: true });
    metrics.disable();
    await someWork(telemetry);
    const seen = await collect();
    const of = (name: string) => points(seen.get(name)).map(({ value }) => value);
    expect(of("bullmq.jobs.completed")).toEqual([1]);
    expect(of("bullmq.jobs.failed")).toEqual([1]);
    expect(of("bullmq.jobs.retried")).toEqual([]);
  });

  it("not for who does not", async () => {
    const { meter, collect } = meterBench();
    const stop = observeProcess(meter);
    await someWork();
    const seen = await collect();
    stop();
    expect(seen.has("headgate.jobs.processed")).toBe(true);
    expect([...seen.keys()].filter((name) => name.startsWith("messaging."))).toEqual([]);
  });
});
