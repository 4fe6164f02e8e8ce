import { setTimeout } from "node:timers/promises";
import type { Queue } from "headgate";
import { createControl } from "headgate/control";
import { createProducer } from "headgate/producer";
import { createWorker } from "headgate/worker";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { monitor } from "../support/monitor.ts";
import { define } from "../support/programs/protocol.ts";
import { runTask, type Task } from "../support/programs/task.ts";
import { useRedis } from "../support/redis.ts";

const space = useRedis();
let queue: Queue<Task, Task>;

/** A queue of one place that is taken. */
beforeEach(async () => {
  queue = define({
    namespace: space.namespace,
    limiter: "api",
    limiterOptions: { adaptive: false },
    queue: "q",
    queueOptions: { capacity: 1 },
  }).queue;
  await using producer = createProducer({ connection: space.url });
  expect(await producer.enqueue(queue, {}, { id: "first" })).toMatchObject({ accepted: true });
});

const late = (ms: number): Promise<"late"> => setTimeout(ms, "late" as const, { ref: false });
const LATE_MS = 2_000;

describe("waiting for room", () => {
  it.each(["0ms", "1ms", "150ms"] as const)(
    "timeout %s: a value, in time, and nothing is stored later",
    async (timeout) => {
      const producer = space.use(createProducer({ connection: space.url }));
      await producer.ready();
      const from = performance.now();
      const result = await Promise.race([producer.enqueue(queue, {}, { id: "second", timeout }), late(LATE_MS)]);
      expect(result).toMatchObject({ accepted: false, reason: "timeout", depth: 1 });
      expect(performance.now() - from).toBeLessThan(Number.parseInt(timeout, 10) + 250);
      space.use(createWorker(queue, runTask, { connection: space.url }));
      await vi.waitFor(async () => expect((await producer.status(queue)).counts.completed).toBe(1));
      expect(await producer.enqueue(queue, {}, { id: "second" })).toMatchObject({ accepted: true, duplicate: false });
    },
  );

  it.each([
    { when: "before it is asked for", afterMs: null },
    { when: "while the first question is on the way", afterMs: 0 },
    { when: "while it stands in line", afterMs: 150 },
  ])("aborted $when: rejects with the signal's reason", async ({ afterMs }) => {
    const producer = space.use(createProducer({ connection: space.url }));
    await producer.status(queue);
    const reason = new Error("enough");
    const abort = new AbortController();
    if (afterMs === null) abort.abort(reason);
    const result = producer.enqueue(queue, {}, { signal: abort.signal }).then(
      () => "resolved",
      (error: unknown) => error,
    );
    if (afterMs === 0) abort.abort(reason);
    else if (afterMs !== null) {
      await setTimeout(afterMs);
      abort.abort(reason);
    }
    expect(await Promise.race([result, late(LATE_MS)])).toBe(reason);
    expect((await producer.status(queue)).depth).toBe(1);
  });

  it("aborted on the way to a queue that is used for the first time: rejects with the signal's reason", async () => {
    const producer = space.use(createProducer({ connection: space.url }));
    const abort = new AbortController();
    const result = producer.enqueue(queue, {}, { signal: abort.signal }).then(
      () => "resolved",
      (error: unknown) => error,
    );
    const reason = new Error("enough");
    abort.abort(reason);
    expect(await Promise.race([result, late(LATE_MS)])).toBe(reason);
  });

  it("first come, first served; who leaves the line holds nobody up", { timeout: 15_000 }, async () => {
    const producer = space.use(createProducer({ connection: space.url }));
    const served: string[] = [];
    const abort = new AbortController();
    const all = Array.from({ length: 12 }, (_, index) => {
      const id = `waiter-${index}`;
      const leaves = index % 4 === 0;
      return producer.enqueue(queue, {}, { id, ...(leaves ? { signal: abort.signal } : {}) }).then(
        () => void served.push(id),
        (error: Error) => expect(error.name).toBe("AbortError"),
      );
    });
    await setTimeout(50);
    abort.abort();
    const ran: string[] = [];
    space.use(createWorker(queue, (_, { job }) => void ran.push(job.id), { connection: space.url, concurrency: 1 }));
    await Promise.all(all);
    const expected = [1, 2, 3, 5, 6, 7, 9, 10, 11].map((index) => `waiter-${index}`);
    expect(served).toEqual(expected);
    await vi.waitFor(() => expect(ran).toEqual(["first", ...expected]));
  });

  it("a thousand that wait use no Redis, and are told at once when there is room", { timeout: 15_000 }, async () => {
    const producer = space.use(createProducer({ connection: space.url }));
    const control = space.use(createControl({ connection: space.url }));
    await control.pause(queue, { reason: "look" });
    const { count, stop } = await watchCommands();
    const abort = new AbortController();
    const waiting = Array.from({ length: 1_000 }, (_, index) =>
      producer.enqueue(queue, {}, { id: `w${index}`, signal: abort.signal }).catch(() => undefined),
    );
    // The first question of the line, to know that what is counted would be seen.
    await vi.waitFor(() => expect(count()).toBeGreaterThan(0));
    await late(300);
    const before = count();
    await late(1_000);
    const used = count() - before;
    await stop();
    console.log(`1,000 waiting producers: ${used} commands in a second`);
    abort.abort();
    await Promise.all(waiting);
    expect(used).toBe(0);
  });

  it("close() ends every wait with HG_CLOSED", async () => {
    const producer = createProducer({ connection: space.url });
    const waiting = [1, 2, 3].map(() => producer.enqueue(queue, {}).catch((error: unknown) => error));
    await setTimeout(50);
    await producer.close();
    const ended = await Promise.race([Promise.all(waiting), late(LATE_MS)]);
    expect(ended).toEqual([1, 2, 3].map(() => expect.objectContaining({ code: "HG_CLOSED" })));
  });
});

/** Commands that name this test's keys, as Redis sees them: other tests use the server, too. */
async function watchCommands(): Promise<{ readonly count: () => number; readonly stop: () => Promise<unknown> }> {
  let seen = 0;
  const stop = await monitor(space.url, (args) => {
    if (args.some((arg) => arg.includes(`{${space.namespace}:`))) seen++;
  });
  return { count: () => seen, stop };
}
