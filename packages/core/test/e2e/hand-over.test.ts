import { createProducer } from "headgate/producer";
import { createWorker } from "headgate/worker";
import { expect, it, vi } from "vitest";
import { Program } from "../support/process.ts";
import { type Definition, define } from "../support/programs/protocol.ts";
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

/** Asleep, the others would look after 5 s: BullMQ's drainDelay. */
const NOTICED_WITHIN_MS = 1_000;

it("when the worker that keeps a limiter's time is killed, another notices", async () => {
  const definition: Definition = {
    namespace: space.namespace,
    limiter: "api",
    limiterOptions: { adaptive: false, limits: [{ unit: "requests", amount: PER_SECOND, per: "1s" }] },
    queue: "q",
  };
  const { queue } = define(definition);
  const producer = space.use(createProducer({ connection: space.url }));
  await Promise.all(Array.from({ length: 300 }, () => producer.enqueue(queue, {})));
  const orders = { url: space.url, definition, worker: { concurrency: 5 } };
  const fleet = await Promise.all([Program.start("worker", orders), Program.start("worker", orders)]);
  const counts = () => fleet.map((program) => program.all("started").length);
  // The one that keeps the time takes what it has kept it for: the other starts nothing.
  let keeper = -1;
  for (let before = counts(); keeper < 0; before = counts()) {
    await vi.waitFor(() => expect(counts().some((count, at) => count >= (before[at] ?? 0) + 10)).toBe(true), 5_000);
    const grown = counts().flatMap((count, at) => (count > (before[at] ?? 0) ? [at] : []));
    if (grown.length === 1) keeper = grown[0] ?? -1;
  }
  const sleeper = 1 - keeper;
  const asleep = counts()[sleeper] ?? 0;
  await fleet[keeper]?.kill();
  const killedAt = performance.now();
  await vi.waitFor(() => expect(counts()[sleeper]).toBeGreaterThan(asleep), { timeout: 10_000, interval: 5 });
  const noticedMs = performance.now() - killedAt;
  console.log(`the timekeeper was killed: the next start came after ${noticedMs.toFixed(0)} ms`);
  expect(noticedMs).toBeLessThan(NOTICED_WITHIN_MS);
  await fleet[sleeper]?.close();
});
