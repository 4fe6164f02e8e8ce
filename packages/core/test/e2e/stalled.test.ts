import { createControl } from "headgate/control";
import { createProducer } from "headgate/producer";
import { describe, expect, it, vi } from "vitest";
import { Program } from "../support/process.ts";
import { type Definition, define } from "../support/programs/protocol.ts";
import { useRedis } from "../support/redis.ts";

const space = useRedis();

describe("a job that takes its worker down", () => {
  it("is started twice, then failed with a reason, without reaching the API a third time", {
    timeout: 60_000,
  }, async () => {
    const definition: Definition = {
      namespace: space.namespace,
      limiter: "api",
      limiterOptions: { adaptive: false },
      queue: "q",
    };
    const { limiter, queue } = define(definition);
    const producer = space.use(createProducer({ connection: space.url }));
    const control = space.use(createControl({ connection: space.url }));
    const worker = { lockDuration: 1_000, stalledInterval: 500, concurrency: 1 };
    await producer.enqueue(queue, {}, { id: "poison" });
    for (let death = 0; death < 2; death++) {
      const victim = await Program.start("worker", { url: space.url, definition, worker, hang: true });
      await victim.next("started", undefined, 10_000);
      await victim.kill();
    }
    const survivor = await Program.start("worker", { url: space.url, definition, worker });
    await vi.waitFor(async () => expect((await control.status(queue)).counts.failed).toBe(1), { timeout: 10_000 });
    await expect(producer.result(queue, "poison")).rejects.toMatchObject({
      code: "HG_JOB_FAILED",
      message: expect.stringContaining("HG_JOB_STALLED"),
    });
    expect(survivor.all("started")).toEqual([]);
    await producer.enqueue(queue, {}, { id: "good" });
    await survivor.next("completed", undefined, 10_000);
    expect((await control.status(limiter)).totals).toMatchObject({
      ok: 1,
      released: 1,
      // One permit each that took its worker down.
      expired: 2,
    });
    expect((await control.status(limiter)).inFlight).toBe(0);
    await survivor.close();
  });
});
