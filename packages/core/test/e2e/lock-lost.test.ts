import { createControl } from "headgate/control";
import { observeProcess } from "headgate/metrics";
import { createProducer } from "headgate/producer";
import { createWorker } from "headgate/worker";
import { Registry } from "prom-client";
import { expect, it, vi } from "vitest";
import { encodeId } from "../../src/define/id.ts";
import { Program } from "../support/process.ts";
import { type Definition, define } from "../support/programs/protocol.ts";
import { useRedis } from "../support/redis.ts";

const space = useRedis();
const SHORT = { lockDuration: 1_000, stalledInterval: 500 };
const definition = (): Definition => ({
  namespace: space.namespace,
  limiter: "api",
  limiterOptions: { adaptive: false },
  queue: "q",
});

it("a run whose lock is lost is aborted, said and counted; whoever took the job ends it", async () => {
  const { queue, limiter } = define(definition());
  const producer = space.use(createProducer({ connection: space.url }));
  const control = space.use(createControl({ connection: space.url }));
  const registry = new Registry();
  observeProcess(registry);
  const reasons: unknown[] = [];
  const worker = space.use(
    createWorker(
      queue,
      async (_, { signal, job }) => {
        if (reasons.length > 0) return job.attempt;
        await new Promise((resolve) => signal.addEventListener("abort", resolve));
        reasons.push(signal.reason);
        throw signal.reason;
      },
      { connection: space.url, ...SHORT },
    ),
  );
  const lost = vi.fn();
  const stalled = vi.fn();
  worker.on("lockLost", lost).on("stalled", stalled);
  await producer.enqueue(queue, {}, { id: "a" });
  const base = `${queue.bullmq.prefix}:${queue.name}:`;
  await vi.waitFor(async () => expect(await space.client.del(`${base}${encodeId("a")}:lock`)).toBe(1));
  await vi.waitFor(
    async () => expect((await control.status(queue)).counts).toMatchObject({ completed: 1, active: 0 }),
    {
      timeout: 8_000,
    },
  );
  expect(lost.mock.calls).toEqual([[{ id: "a", queue: "q" }]]);
  expect(reasons).toMatchObject([{ code: "HG_LOCK_LOST" }]);
  expect(stalled.mock.calls).toEqual([[{ id: "a", queue: "q" }]]);
  const text = await registry.metrics();
  expect(text).toMatch(/^headgate_job_locks_lost_total\{[^}]*queue="q"[^}]*\} 1$/m);
  expect(text).toMatch(/^headgate_jobs_stalled_total\{[^}]*queue="q"[^}]*\} 1$/m);
  expect((await control.status(limiter)).inFlight).toBe(0);
});

it("a process that stands still for longer than its lock: another runs the job once more, and the late result is not taken", async () => {
  const { queue } = define(definition());
  const producer = space.use(createProducer({ connection: space.url }));
  const control = space.use(createControl({ connection: space.url }));
  const orders = { url: space.url, definition: definition(), worker: { ...SHORT, concurrency: 1 } };
  const blocked = await Program.start("worker", { ...orders, blockMs: 4_000 });
  await producer.enqueue(queue, {}, { id: "a" });
  await blocked.next("started");
  const other = await Program.start("worker", orders);
  await other.next("completed");
  await blocked.next("error");
  expect(other.all("started").map(({ id }) => id)).toEqual(["a"]);
  expect(blocked.all("started")).toHaveLength(1);
  expect(blocked.all("completed")).toEqual([]);
  expect((await control.status(queue)).counts).toMatchObject({ completed: 1, failed: 0, active: 0, wait: 0 });
  await Promise.all([blocked.close(), other.close()]);
});
