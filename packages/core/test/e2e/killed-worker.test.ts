import { QueueEvents } from "bullmq";
import { createControl } from "headgate/control";
import { createProducer } from "headgate/producer";
import { describe, expect, it, vi } from "vitest";
import { Program } from "../support/process.ts";
import { type Definition, define } from "../support/programs/protocol.ts";
import { useRedis } from "../support/redis.ts";

const space = useRedis();
const SLOTS = 4;
const JOBS = 12;

describe("kill -9 of a worker with jobs in flight (I2, I5)", () => {
  it.each([
    { what: "short lock times", worker: { lockDuration: 1_000, stalledInterval: 500 }, freeWithinMs: 2_500 },
    { what: "the defaults", worker: {}, freeWithinMs: 20_000 },
  ])(
    "$what: its slots are free in time, its jobs complete elsewhere",
    { timeout: 60_000 },
    async ({ worker, freeWithinMs }) => {
      const definition: Definition = {
        namespace: space.namespace,
        limiter: "api",
        limiterOptions: {
          adaptive: false,
          concurrency: SLOTS,
          limits: [{ unit: "requests", amount: 1_000, per: "1d", burst: 1_000 }],
        },
        queue: "q",
      };
      const { limiter, queue } = define(definition);
      const producer = space.use(createProducer({ connection: space.url }));
      const control = space.use(createControl({ connection: space.url }));
      const ids = Array.from({ length: JOBS }, (_, index) => `job-${index}`);
      for (const id of ids) await producer.enqueue(queue, {}, { id });

      const events = space.use(new QueueEvents("q", { prefix: queue.bullmq.prefix, connection: { url: space.url } }));
      await events.waitUntilReady();
      const stalled: string[] = [];
      events.on("stalled", ({ jobId }) => stalled.push(jobId));

      const orders = { url: space.url, definition, worker: { ...worker, concurrency: 10 } };
      const victim = await Program.start("worker", { ...orders, hang: true });
      await vi.waitFor(() => expect(victim.all("started")).toHaveLength(SLOTS), { timeout: 5_000 });
      const survivor = await Program.start("worker", orders);
      expect(await control.status(limiter)).toMatchObject({ inFlight: SLOTS, concurrency: SLOTS });

      const killedAt = performance.now();
      await victim.kill();
      await survivor.next("started", undefined, freeWithinMs + 5_000);
      const freeAfterMs = performance.now() - killedAt;
      await vi.waitFor(() => expect(survivor.all("completed")).toHaveLength(JOBS), {
        timeout: freeWithinMs + 5_000,
        interval: 10,
      });
      const doneAfterMs = performance.now() - killedAt;
      console.log(
        `${Object.keys(worker).length > 0 ? "short" : "default"} lock times: slots free after ${freeAfterMs.toFixed(0)} ms, all done after ${doneAfterMs.toFixed(0)} ms`,
      );

      expect(freeAfterMs).toBeLessThan(freeWithinMs);
      expect(new Set(survivor.all("completed").map(({ id }) => id)), "every job, the killed ones included").toEqual(
        new Set(ids),
      );
      const { inFlight, totals, limits } = await control.status(limiter);
      expect(inFlight).toBe(0);
      expect(totals, "a re-run is a new permit and pays again").toMatchObject({
        granted: JOBS + SLOTS,
        ok: JOBS,
        expired: SLOTS,
      });
      expect(limits[0]?.remaining).toBeCloseTo(1_000 - JOBS - SLOTS, 0);
      const killed = victim.all("started").map(({ id }) => `~${id}`);
      await vi.waitFor(() => expect(stalled.toSorted(), "BullMQ's own event tells of it").toEqual(killed.toSorted()));
      expect((await control.status(queue)).counts).toMatchObject({ completed: JOBS, failed: 0, active: 0 });
      await survivor.close();
    },
  );
});
