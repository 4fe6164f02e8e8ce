import { createProducer } from "headgate/producer";
import { createWorker } from "headgate/worker";
import { expect, it, vi } from "vitest";
import { define } from "../support/programs/protocol.ts";
import { useRedis } from "../support/redis.ts";

const space = useRedis();
/** A permit is due every 100 ms; a timekeeper that left without a word held the fleet for 500 ms and more. */
const PER_SECOND = 10;
const LONGEST_GAP_MS = 400;

it("when the worker that keeps a limiter's time closes, another goes on at once", async () => {
  const { queue } = define({
    namespace: space.namespace,
    limiter: "api",
    limiterOptions: { adaptive: false, limits: [{ unit: "requests", amount: PER_SECOND, per: "1s" }] },
    queue: "q",
  });
  const producer = space.use(createProducer({ connection: space.url }));
  await Promise.all(Array.from({ length: 200 }, () => producer.enqueue(queue, {})));
  const starts: number[] = [];
  const start = () =>
    space.use(
      createWorker(queue, () => void starts.push(performance.now()), { connection: space.url, concurrency: 5 }),
    );
  const workers = [start(), start()];
  await Promise.all(workers.map((worker) => worker.ready()));
  // One of the two keeps the time: each that closes may be it, and each is replaced before.
  for (let round = 0; round < 6; round++) {
    const from = starts.length;
    await vi.waitFor(() => expect(starts.length).toBeGreaterThan(from + 3), { timeout: 5_000, interval: 5 });
    const fresh = start();
    await fresh.ready();
    await workers.shift()?.close();
    workers.push(fresh);
  }
  const gaps = starts.slice(1).map((at, index) => at - (starts[index] ?? at));
  console.log(
    `longest gap between starts: ${Math.max(...gaps).toFixed(0)} ms, median ${gaps.toSorted((a, b) => a - b)[gaps.length >> 1]?.toFixed(0)} ms`,
  );
  expect(Math.max(...gaps)).toBeLessThan(LONGEST_GAP_MS);
});
