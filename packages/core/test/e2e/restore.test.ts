import { copyFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { defineLimiter, defineQueue } from "headgate";
import { createControl } from "headgate/control";
import { createProducer } from "headgate/producer";
import { createWorker } from "headgate/worker";
import { Redis } from "ioredis";
import { expect, it, onTestFinished, vi } from "vitest";
import { startPrivateRedis } from "../../../../scripts/redis.mjs";

const timing = { lockDuration: "1s", stalledInterval: "500ms" } as const;
const queue = defineQueue<number>("q", { limiter: defineLimiter("restored-api", { concurrency: 5, adaptive: false }) });

it("a snapshot taken under load, restored elsewhere: what waited and what ran then runs there, limits are kept", {
  timeout: 30_000,
}, async () => {
  const [from, to] = ["headgate-from-", "headgate-to-"].map((name) => mkdtempSync(join(tmpdir(), name)));
  const old = await startPrivateRedis({ dir: String(from) });
  onTestFinished(async () => {
    await old.stop();
    for (const folder of [from, to]) rmSync(String(folder), { recursive: true, force: true });
  });
  {
    await using producer = createProducer({ connection: old.url });
    await using control = createControl({ connection: old.url });
    for (let index = 0; index < 20; index++) await producer.enqueue(queue, index, { id: `job-${index}` });
    await control.setLimits(queue.limiter, { concurrency: 3 });
    const worker = createWorker(
      queue,
      (_, { signal }) =>
        new Promise((_resolve, reject) => {
          signal.addEventListener("abort", () => reject(signal.reason));
        }),
      { connection: old.url, drainTimeout: 10, ...timing },
    );
    await vi.waitFor(() => expect(worker.running).toBe(3));
    const client = new Redis(old.url);
    await client.call("SAVE");
    client.disconnect();
    copyFileSync(join(String(from), "dump.rdb"), join(String(to), "dump.rdb"));
    await worker.close();
  }

  const restored = await startPrivateRedis({ dir: String(to) });
  onTestFinished(() => restored.stop());
  await using control = createControl({ connection: restored.url });
  expect((await control.status(queue)).counts).toMatchObject({ active: 3, wait: 17 });
  const ran = new Set<number>();
  await using worker = createWorker(queue, (payload) => void ran.add(payload), { connection: restored.url, ...timing });
  await worker.ready();
  await vi.waitFor(() => expect(ran.size).toBe(20), { timeout: 20_000 });
  expect(await control.status(queue.limiter)).toMatchObject({ concurrency: 3, inFlight: 0 });
});
