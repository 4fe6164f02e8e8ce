import { createControl } from "headgate/control";
import { createProducer } from "headgate/producer";
import { createWorker } from "headgate/worker";
import { describe, expect, it, vi } from "vitest";
import { HangWatch } from "../../src/redis/hang-watch.ts";
import { OutageProxy } from "../support/outage-proxy.ts";
import { define } from "../support/programs/protocol.ts";
import { useRedis } from "../support/redis.ts";

const space = useRedis();
const RUN_MS = 300;
const REFUSED_FOR_MS = 1_500;
/** Two slots and the loop, each asks four times a second. Without a pause it was 15,000. */
const MOST_ERRORS_A_SECOND = 20;

async function working(options: { readonly lockDuration?: number } = {}) {
  const proxy = space.use(await OutageProxy.start(space.url));
  const { queue } = define({
    namespace: space.namespace,
    limiter: "api",
    limiterOptions: { adaptive: false },
    queue: "q",
    queueOptions: { attempts: 1 },
  });
  const producer = space.use(createProducer({ connection: space.url }));
  const control = space.use(createControl({ connection: space.url }));
  const runs: string[] = [];
  let errors = 0;
  const worker = space.use(
    createWorker(
      queue,
      async (_, { job }) => {
        runs.push(job.id);
        await new Promise((resolve) => setTimeout(resolve, RUN_MS));
      },
      { connection: proxy.url, concurrency: 2, drainTimeout: 2_000, ...options },
    ),
  );
  worker.on("error", (_, { suppressed }) => {
    errors += 1 + suppressed;
  });
  await worker.ready();
  for (const id of ["a", "b", "c", "d"]) await producer.enqueue(queue, {}, { id });
  await vi.waitFor(() => expect(runs).toHaveLength(2));
  const counts = async () => (await control.status(queue)).counts;
  return { proxy, worker, runs, counts, errorsSoFar: () => errors };
}

describe("Redis refuses for a while, with jobs in hand that end meanwhile", () => {
  it.each([
    "READONLY You can't write against a read only replica.",
    "LOADING Redis is loading the dataset in memory",
    "BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.",
    "MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.",
    "OOM command not allowed when used memory > 'maxmemory'.",
  ])("%s: their endings are not lost, nothing runs twice, and nobody storms", async (refusal) => {
    const { proxy, runs, counts, errorsSoFar } = await working();
    proxy.refuse(refusal);
    await new Promise((resolve) => setTimeout(resolve, REFUSED_FOR_MS));
    expect(errorsSoFar()).toBeLessThan((REFUSED_FOR_MS / 1_000) * MOST_ERRORS_A_SECOND);
    const from = performance.now();
    await proxy.restore();
    await vi.waitFor(async () => expect(await counts()).toMatchObject({ completed: 4, active: 0, failed: 0 }), {
      timeout: 8_000,
      interval: 20,
    });
    expect(performance.now() - from).toBeLessThan(2_000 + RUN_MS);
    expect(runs.toSorted()).toEqual(["a", "b", "c", "d"]);
  });

  it("a worker that closes meanwhile does not wait for it beyond its drain timeout", async () => {
    const { proxy, worker } = await working();
    proxy.refuse("READONLY You can't write against a read only replica.");
    const from = performance.now();
    await worker.close();
    expect(performance.now() - from).toBeLessThan(4_500);
    await proxy.restore();
  });
});

it("connections that have lost their other end without a word are replaced", { timeout: 40_000 }, async () => {
  const { proxy, runs, counts } = await working({ lockDuration: 60_000 });
  const from = performance.now();
  proxy.strand();
  await vi.waitFor(async () => expect(await counts()).toMatchObject({ completed: 4, active: 0, failed: 0 }), {
    timeout: 30_000,
    interval: 50,
  });
  console.log(`stranded: all done after ${(performance.now() - from).toFixed(0)} ms`);
  expect(runs.toSorted(), "what was answered into the void is not run twice").toEqual(["a", "b", "c", "d"]);
});

it("a connection hangs when something was asked and nothing has been answered for a whole look", () => {
  vi.useFakeTimers();
  try {
    let hung = 0;
    const watch = new HangWatch(() => void hung++);
    vi.advanceTimersByTime(20_000);
    expect(hung, "nothing was asked").toBe(0);
    watch.asked();
    watch.asked();
    vi.advanceTimersByTime(3_900);
    watch.answered();
    vi.advanceTimersByTime(4_000);
    expect(hung, "one was answered just before the last look").toBe(0);
    vi.advanceTimersByTime(4_100);
    expect(hung, "and the other still is not, nor after another look").toBe(2);
    watch.answered();
    vi.advanceTimersByTime(8_000);
    expect(hung).toBe(2);
    watch.close();
  } finally {
    vi.useRealTimers();
  }
});
