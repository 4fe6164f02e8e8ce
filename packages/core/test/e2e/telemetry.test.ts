import { InMemorySpanExporter, NodeTracerProvider, SimpleSpanProcessor } from "@opentelemetry/sdk-trace-node";
import { BullMQOtel } from "bullmq-otel";
import { createProducer } from "headgate/producer";
import { createWorker } from "headgate/worker";
import { expect, it, vi } from "vitest";
import { define } from "../support/programs/protocol.ts";
import { runTask } from "../support/programs/task.ts";
import { useRedis } from "../support/redis.ts";

const space = useRedis();

it("OpenTelemetry: the runs of a job belong to its enqueue, and tell of deferrals and permits", async () => {
  const exporter = new InMemorySpanExporter();
  const provider = new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
  provider.register();
  const telemetry = new BullMQOtel({ tracerName: "headgate-test" });
  const { queue } = define({
    namespace: space.namespace,
    limiter: "api",
    limiterOptions: { adaptive: false },
    queue: "q",
    queueOptions: { attempts: 1 },
  });
  const producer = space.use(createProducer({ connection: space.url, telemetry }));
  const worker = space.use(createWorker(queue, runTask, { connection: space.url, telemetry }));
  await producer.enqueue(queue, { deferrals: 1, retryAfterMs: 50 }, { id: "put-back" });
  await producer.enqueue(queue, { failures: 1 }, { id: "fails" });
  await producer.enqueue(queue, {}, { id: "put-back" });
  await vi.waitFor(() => expect(spans("process q")).toHaveLength(3), { timeout: 5_000 });
  await worker.close();

  function spans(name: string) {
    return exporter.getFinishedSpans().filter((span) => span.name === name);
  }
  const [first, second, third] = spans("add q");
  expect(first?.attributes).toMatchObject({ "headgate.limiter": "api", "headgate.admission": "accepted" });
  expect(third?.attributes).toMatchObject({ "headgate.admission": "duplicate" });
  const trace = (span: typeof first) => span?.spanContext().traceId;
  const runs = spans("process q").filter((span) => trace(span) === trace(first));
  expect(runs.map(({ attributes }) => attributes)).toEqual([
    expect.objectContaining({
      "headgate.job.deferrals": 0,
      "headgate.deferral.reason": "throttled",
      "headgate.permit.outcome": "throttled",
      "headgate.retry_after_ms": 50,
    }),
    expect.objectContaining({ "headgate.job.deferrals": 1, "headgate.permit.outcome": "ok" }),
  ]);
  const [failed] = spans("process q").filter((span) => trace(span) === trace(second));
  expect(failed?.attributes).toMatchObject({ "headgate.permit.outcome": "failed" });
  await provider.shutdown();
});
