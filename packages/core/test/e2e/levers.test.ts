import { defineLimiter, defineQueue, type Queue } from "headgate";
import { type Control, createControl } from "headgate/control";
import { createProducer } from "headgate/producer";
import { createWorker, type HeadgateWorker } from "headgate/worker";
import { describe, expect, it, vi } from "vitest";
import { useRedis } from "../support/redis.ts";

const space = useRedis();
const ROUNDS = 5;
const FELT_WITHIN_MS = 250;

/** Workers of an idle fleet, and when a job started, by `performance.now()`. */
async function fleet(queue: Queue<unknown, number>, hold: Promise<void> = Promise.resolve()) {
  const starts: number[] = [];
  const workers: HeadgateWorker<number, void>[] = Array.from({ length: 3 }, () =>
    space.use(
      createWorker<number, void>(
        queue,
        async () => {
          starts.push(performance.now());
          await hold;
        },
        { connection: space.url, concurrency: 5 },
      ),
    ),
  );
  await Promise.all(workers.map((worker) => worker.ready()));
  return starts;
}

/** Until all workers of the fleet block on the marker: sleeping is what has to be ended. */
async function asleep(workers: number): Promise<void> {
  await vi.waitFor(
    async () => {
      const clients = String(await space.client.client("LIST"));
      const blocked = clients.split("\n").filter((line) => line.includes("cmd=bzpopmin") && line.includes("flags=b"));
      expect(blocked.length).toBeGreaterThanOrEqual(workers);
    },
    { timeout: 5_000, interval: 10 },
  );
}

/** Pulls the lever, and says how long it took until the next job started. */
async function felt(starts: readonly number[], pull: () => Promise<void>): Promise<number> {
  const before = starts.length;
  const pulledAt = performance.now();
  await pull();
  await vi.waitFor(() => expect(starts.length).toBeGreaterThan(before), { timeout: 10_000, interval: 1 });
  return (starts[before] ?? Number.NaN) - pulledAt;
}

const worst = (times: readonly number[]): number => {
  const most = Math.max(...times);
  console.log(`felt after ${times.map((ms) => ms.toFixed(1)).join(", ")} ms`);
  return most;
};

describe("what an operator does is felt by sleeping workers at once", () => {
  const levers: { what: string; hold: (control: Control) => Promise<void>; release: (control: Control) => Promise<void> }[] = [];
  void levers;

  it("resume of a limiter", { timeout: 30_000 }, async () => {
    const limiter = defineLimiter("api", { namespace: space.namespace, adaptive: false });
    const queue = defineQueue<number>("q", { limiter });
    const producer = space.use(createProducer({ connection: space.url }));
    const control = space.use(createControl({ connection: space.url }));
    const starts = await fleet(queue);
    await producer.status(queue);
    const times: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      await producer.enqueue(queue, round, { delay: 1 });
      await control.pause(limiter, { reason: "look" });
      times.push(await felt(starts, () => control.resume(limiter)));
    }
    expect(worst(times)).toBeLessThan(FELT_WITHIN_MS);
  });
});
