import { defineLimiter, defineQueue } from "headgate";
import { createControl } from "headgate/control";
import { createProducer } from "headgate/producer";
import { createWorker } from "headgate/worker";
import { Cluster } from "ioredis";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { startPrivateCluster } from "../../../../scripts/redis.mjs";

let site: Awaited<ReturnType<typeof startPrivateCluster>>;
beforeAll(async () => {
  site = await startPrivateCluster({ masters: 3 });
}, 60_000);
afterAll(() => site.stop());

const queues = ["a", "b", "c", "d"].map((name) =>
  defineQueue<number>(`q-${name}`, {
    limiter: defineLimiter(`cluster-${name}`, { adaptive: false }),
    attempts: 1,
  }),
);

it("limiters on several masters of a cluster: jobs, results, levels, levers, failed jobs", {
  timeout: 40_000,
}, async () => {
  await using producer = createProducer({ connection: site.url });
  await using control = createControl({ connection: site.url });
  // A template with options of its own, from which every part makes its own client.
  const template = new Cluster([{ host: "127.0.0.1", port: site.masters[0]?.port ?? 0 }], {
    lazyConnect: true,
    redisOptions: { connectionName: "template" },
  });
  const slots = new Set<number>();
  for (const queue of queues) {
    await using worker = createWorker(
      queue,
      (payload) => {
        if (payload < 0) throw new Error("negative");
        return `${queue.name} ${payload}`;
      },
      { connection: template },
    );
    await worker.ready();
    await producer.enqueue(queue, 1, { id: "good" });
    expect(await producer.result(queue, "good")).toBe(`${queue.name} 1`);
    await producer.enqueue(queue, -1, { id: "bad" });
    await vi.waitFor(async () => expect((await control.status(queue)).counts.failed).toBe(1));
    for await (const job of control.failed(queue)) expect(job.id).toBe("bad");
    expect(await control.explain(queue, "bad")).toMatchObject({ state: "failed" });
    const closed = vi.fn();
    producer.on("level", closed);
    await control.pause(queue, { reason: "test" });
    await vi.waitFor(() => expect(closed).toHaveBeenCalledWith(expect.objectContaining({ level: "closed" })));
    expect(await producer.enqueue(queue, 2, { onPressure: "refuse" })).toMatchObject({ accepted: false });
    await control.resume(queue);
    producer.off("level", closed);
    slots.add(Number(await template.cluster("KEYSLOT", queue.limiter.prefix)));
  }
  expect(new Set([...slots].map((slot) => Math.floor((slot * 3) / 16_384))).size, "several masters").toBeGreaterThan(1);
  template.disconnect();
});

it("nodes that are not there are said", async () => {
  await using control = createControl({ connection: "redis+cluster://127.0.0.1:1,127.0.0.1:2" });
  control.on("error", () => undefined);
  await expect(control.ready()).rejects.toMatchObject({
    code: "HG_REDIS_UNREACHABLE",
    got: expect.stringContaining("cluster of"),
  });
});
