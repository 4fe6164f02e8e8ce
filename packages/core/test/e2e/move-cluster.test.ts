import { defineLimiter, defineQueue } from "headgate";
import { createControl } from "headgate/control";
import { createProducer } from "headgate/producer";
import { createWorker } from "headgate/worker";
import { Cluster } from "ioredis";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { startPrivateCluster } from "../../../../scripts/redis.mjs";

// One node that holds all slots: what matters is that two limiters are two slots, and no key can be renamed between them.
let site: Awaited<ReturnType<typeof startPrivateCluster>>;
let cluster: Cluster;
beforeAll(async () => {
  site = await startPrivateCluster({ masters: 1 });
  cluster = new Cluster(site.masters.map(({ port }) => ({ host: "127.0.0.1", port })));
});
afterAll(async () => {
  cluster?.disconnect();
  await site?.stop();
});

const on = (limiter: string) =>
  defineQueue<number, number>("q", { limiter: defineLimiter(limiter, { adaptive: false }) });

it("a queue moves between the slots of a cluster, its jobs with their delays and priorities", {
  timeout: 40_000,
}, async () => {
  await using producer = createProducer({ connection: cluster });
  await using control = createControl({ connection: cluster });
  for (let index = 0; index < 12; index++) {
    const options = index % 3 === 1 ? { priority: 5 } : index % 3 === 2 ? { delay: "300ms" as const } : {};
    await producer.enqueue(on("old"), index, { id: `job-${index}`, ...options });
  }
  expect(await control.move(on("new"))).toMatchObject({ from: "old", to: "new", jobs: 12 });
  expect((await control.status(on("new"))).counts).toMatchObject({ wait: 4, prioritized: 4, delayed: 4 });
  const ran: number[] = [];
  await using worker = createWorker(on("new"), (payload) => void ran.push(payload), { connection: cluster });
  await worker.ready();
  await vi.waitFor(() => expect(ran).toHaveLength(12), { timeout: 10_000 });
  expect(ran.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 12 }, (_, index) => index));
  const [node] = cluster.nodes("master");
  expect(await node?.keys("{headgate:old}:q:*")).toEqual([]);
});
