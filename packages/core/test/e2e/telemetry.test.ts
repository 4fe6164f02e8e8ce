import { Readable } from "node:stream";
import {
  InMemorySpanExporter,
  NodeTracerProvider,
  type ReadableSpan,
  SimpleSpanProcessor,
} from "@opentelemetry/sdk-trace-node";
import { BullMQOtel } from "bullmq-otel";
import { createProducer } from "headgate/producer";
import { createWorker } from "headgate/worker";
import { afterAll, beforeEach, expect, it, vi } from "vitest";
import { type AdmissionSeen, admissions } from "../../src/observe/channels.ts";
import { define } from "../support/programs/protocol.ts";
import { runTask } from "../support/programs/task.ts";
import { useRedis } from "../support/redis.ts";

const space = useRedis();
const exporter = new InMemorySpanExporter();
const provider = new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
provider.register();
const telemetry = new BullMQOtel({ tracerName: "headgate-test" });

beforeEach(() => exporter.reset());
afterAll(() => provider.shutdown());

const spans = (name: string): ReadableSpan[] => exporter.getFinishedSpans().filter((span) => span.name === name);
const trace = (span: ReadableSpan | undefined): string | undefined => span?.spanContext().traceId;

function bench(queueOptions: { attempts?: number; capacity?: number } = {}) {
  const { queue } = define({
    namespace: space.namespace,
    limiter: "api",
    limiterOptions: { adaptive: false },
    queue: "q",
    queueOptions,
  });
  const producer = space.use(createProducer({ connection: space.url, telemetry }));
  const work = () => space.use(createWorker(queue, runTask, { connection: space.url, telemetry }));
  return { queue, producer, work };
}

/** What is told of admissions while `enqueue` runs. */
async function toldWhile(enqueue: () => Promise<unknown>): Promise<Pick<AdmissionSeen, "decision" | "reason">[]> {
  const told: Pick<AdmissionSeen, "decision" | "reason">[] = [];
  const stop = admissions.watch(({ decision, reason }) => told.push({ decision, reason }));
  await enqueue();
  stop();
  return told;
}

it("OpenTelemetry: the runs of a job belong to its enqueue, and tell of deferrals and permits", async () => {
  const { queue, producer, work } = bench({ attempts: 1 });
  const worker = work();
  await producer.enqueue(queue, { deferrals: 1, retryAfterMs: 50 }, { id: "put-back" });
  await producer.enqueue(queue, { failures: 1 }, { id: "fails" });
  await producer.enqueue(queue, {}, { id: "put-back" });
  await vi.waitFor(() => expect(spans("process q")).toHaveLength(3), { timeout: 5_000 });
  await worker.close();

  const [first, second, third] = spans("add q");
  expect(first?.attributes).toMatchObject({ "headgate.limiter": "api", "headgate.admission": "accepted" });
  expect(third?.attributes).toMatchObject({ "headgate.admission": "duplicate" });
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
});

it("many, and streams: a span and a count for each job", async () => {
  const { queue, producer } = bench({ capacity: 7 });
  const told = await toldWhile(async () => {
    for await (const { accepted } of producer.enqueueMany(queue, [{}, {}])) expect(accepted).toBe(true);
    await new Promise((resolve, reject) => {
      Readable.from([{}, {}]).pipe(producer.writable(queue)).on("finish", resolve).on("error", reject);
    });
    const writer = producer.writableStream(queue).getWriter();
    await writer.write({});
    await writer.close();
    await producer.enqueue(queue, {}, { onPressure: "refuse" });
    await producer.enqueue(queue, {}, { onPressure: "refuse" });
  });
  const of = spans("add q").map(({ attributes }) => attributes["headgate.admission"]);
  expect(of).toEqual(told.map(({ decision }) => decision));
  expect(told.filter(({ decision }) => decision === "accepted").length).toBeGreaterThanOrEqual(5);
  expect(told.filter(({ decision }) => decision === "refused")).not.toEqual([]);
});

it("a flow: one span, which the runs of all its jobs belong to, and a count for each job", async () => {
  const { queue, producer, work } = bench({ capacity: 10 });
  const child = (id: string) => ({ queue, payload: {}, id });
  const flow = { queue, payload: {}, id: "root", children: [child("a"), child("b")] };
  const told = await toldWhile(async () => {
    expect(await producer.enqueueFlow(flow)).toMatchObject({ accepted: true, duplicate: false });
    expect(await producer.enqueueFlow(flow)).toMatchObject({ accepted: true, duplicate: true });
    const many = Array.from({ length: 9 }, (_, index) => child(`other-${index}`));
    expect(await producer.enqueueFlow({ queue, payload: {}, children: many }, { onPressure: "refuse" })).toMatchObject({
      accepted: false,
      reason: "full",
    });
  });
  const times = (count: number, decision: string, reason = "") =>
    Array.from({ length: count }, () => ({ decision, reason }));
  expect(told).toEqual([...times(3, "accepted"), ...times(3, "duplicate"), ...times(10, "refused", "full")]);

  const worker = work();
  await vi.waitFor(() => expect(spans("process q")).toHaveLength(3), { timeout: 5_000 });
  await worker.close();
  const flows = spans("addFlow q");
  expect(flows.map(({ attributes }) => attributes)).toEqual([
    expect.objectContaining({ "headgate.limiter": "api", "headgate.admission": "accepted" }),
    expect.objectContaining({ "headgate.admission": "duplicate" }),
    expect.objectContaining({ "headgate.admission": "refused", "headgate.refusal.reason": "full" }),
  ]);
  expect(spans("process q").map(trace)).toEqual(Array.from({ length: 3 }, () => trace(flows[0])));
});

it("a flow that is none is told so, with telemetry as without", async () => {
  const { producer } = bench();
  await expect(producer.enqueueFlow(undefined as never)).rejects.toMatchObject({ code: "HG_OPTION_INVALID" });
});

it("a schedule: a span, which the runs of its iterations belong to", async () => {
  const { queue, producer, work } = bench();
  const told = await toldWhile(() => producer.schedule(queue, "often", { every: 100 }, {}));
  expect(told, "no iteration asks for admission").toEqual([]);
  const worker = work();
  await vi.waitFor(() => expect(spans("process q").length).toBeGreaterThan(1), { timeout: 5_000 });
  await producer.unschedule(queue, "often");
  await worker.close();
  const [start] = spans("schedule q");
  expect(start?.attributes).toMatchObject({ "headgate.limiter": "api", "headgate.schedule.id": "often" });
  expect(new Set(spans("process q").map(trace))).toEqual(new Set([trace(start)]));
});
