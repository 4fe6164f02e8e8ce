import { defineLimiter, defineQueue } from "headgate";
import { createControl } from "headgate/control";
import { createProducer } from "headgate/producer";
import { createWorker } from "headgate/worker";
import { Redis } from "ioredis";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { startPrivateSentinels } from "../../../../scripts/redis.mjs";

let site: Awaited<ReturnType<typeof startPrivateSentinels>>;
beforeAll(async () => {
  site = await startPrivateSentinels({ sentinels: 3, replicas: 1, downAfterMs: 500 });
});
afterAll(() => site.stop());

const queue = defineQueue<number, number>("calls", { limiter: defineLimiter("sentinel-api", { adaptive: false }) });

it("a failover is outlasted: what was accepted before and after it runs, each once", { timeout: 40_000 }, async () => {
  const { sentinels } = site;
  const options = { sentinels: sentinels.map(({ port }) => ({ host: "127.0.0.1", port })), name: "headgate" };
  // By URL, by options, and by a client as template.
  await using producer = createProducer({ connection: site.url, commandTimeout: "20s" });
  await using control = createControl({ connection: options });
  const template = new Redis({ ...options, lazyConnect: true });
  const ran: number[] = [];
  await using worker = createWorker(queue, (payload) => ran.push(payload), { connection: template, concurrency: 2 });
  for (const part of [producer, control, worker]) part.on("error", () => undefined);
  await worker.ready();
  for (const payload of [1, 2, 3]) await producer.enqueue(queue, payload);
  await vi.waitFor(() => expect(ran).toHaveLength(3));

  await site.primary.kill();
  for (const payload of [4, 5, 6]) await producer.enqueue(queue, payload, { id: `after-${payload}` });
  await vi.waitFor(() => expect(ran).toHaveLength(6), { timeout: 20_000 });
  expect(ran.toSorted((a, b) => a - b)).toEqual([1, 2, 3, 4, 5, 6]);
  expect((await control.status(queue)).counts).toMatchObject({ completed: 6, active: 0 });
  template.disconnect();
});

it("a name that the sentinels do not know is said", async () => {
  await using control = createControl({ connection: site.url.replace("/headgate", "/nobody") });
  control.on("error", () => undefined);
  await expect(control.ready()).rejects.toMatchObject({
    code: "HG_REDIS_UNREACHABLE",
    got: expect.stringMatching(/"nobody" of sentinels 127\.0\.0\.1:\d+.*No such master/),
  });
});
