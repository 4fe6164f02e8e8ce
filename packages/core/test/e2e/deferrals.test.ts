import { Queue as BullQueue } from "bullmq";
import { createControl } from "headgate/control";
import { createProducer } from "headgate/producer";
import { createWorker, throttled } from "headgate/worker";
import { expect, it, vi } from "vitest";
import { encodeId } from "../../src/define/id.ts";
import { define } from "../support/programs/protocol.ts";
import { useRedis } from "../support/redis.ts";

const space = useRedis();

function bench(deferrals: { readonly max?: number; readonly maxAge?: number }) {
  const { queue } = define({
    namespace: space.namespace,
    limiter: "api",
    limiterOptions: { adaptive: false },
    queue: "q",
    queueOptions: { attempts: 3, deferrals },
  });
  const producer = space.use(createProducer({ connection: space.url }));
  const control = space.use(createControl({ connection: space.url }));
  const bullmq = space.use(
    new BullQueue(queue.bullmq.name, { prefix: queue.bullmq.prefix, connection: { url: space.url } }),
  );
  return { queue, producer, control, bullmq };
}

it("a job that the API throttles again and again fails when its budget is spent, and says how often and why", async () => {
  const { queue, producer, control, bullmq } = bench({ max: 3 });
  const seen: { deferrals: number; attempt: number }[] = [];
  const worker = space.use(
    createWorker(
      queue,
      async (_, { job, log }) => {
        seen.push({ deferrals: job.deferrals, attempt: job.attempt });
        if (job.deferrals === 1) await log("the processor's own line");
        throw throttled({ retryAfterMs: 20 });
      },
      { connection: space.url },
    ),
  );
  const failed = vi.fn();
  worker.on("failed", failed);
  await producer.enqueue(queue, {}, { id: "poor" });
  await vi.waitFor(async () => expect((await control.status(queue)).counts.failed).toBe(1), { timeout: 5_000 });
  expect(seen).toEqual([0, 1, 2, 3].map((deferrals) => ({ deferrals, attempt: 1 })));
  const job = await bullmq.getJob(encodeId("poor"));
  expect(job?.failedReason).toMatch(/^HG_DEFERRALS_EXHAUSTED.*3 deferrals/);
  expect(failed.mock.calls[0]?.[0]).toMatchObject({ id: "poor", final: true });
  const { logs } = await bullmq.getJobLogs(encodeId("poor"));
  expect(logs, "one line of ours between those of others").toEqual([
    "headgate: deferral 1: throttled, Retry-After 20 ms, due in 100 ms",
    "the processor's own line",
    "headgate: deferral 3: throttled, Retry-After 20 ms, due in 400 ms",
  ]);
  expect(await bullmq.getJobLogs(encodeId("other")), "nobody else's").toMatchObject({ count: 0 });
});

it("… and when it has been put back for too long", async () => {
  const { queue, producer, control } = bench({ maxAge: 150 });
  space.use(
    createWorker(
      queue,
      () => {
        throw throttled();
      },
      { connection: space.url },
    ),
  );
  await producer.enqueue(queue, {}, { id: "old" });
  await vi.waitFor(async () => expect((await control.status(queue)).counts.failed).toBe(1), { timeout: 5_000 });
  await expect(producer.result(queue, "old")).rejects.toThrow("HG_DEFERRALS_EXHAUSTED");
});
