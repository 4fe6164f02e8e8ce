import { setTimeout } from "node:timers/promises";
import type { Queue } from "headgate";
import { createControl } from "headgate/control";
import { createProducer, type EnqueueOptions, type Producer } from "headgate/producer";
import { beforeEach, describe, expect, it } from "vitest";
import { OutageProxy } from "../support/outage-proxy.ts";
import { define } from "../support/programs/protocol.ts";
import type { Task } from "../support/programs/task.ts";
import { useRedis } from "../support/redis.ts";

const space = useRedis();
const TIMEOUT_MS = 400;
let proxy: OutageProxy;
let producer: Producer;
let queue: Queue<Task, Task>;

beforeEach(async () => {
  proxy = space.use(await OutageProxy.start(space.url));
  queue = define({
    namespace: space.namespace,
    limiter: "api",
    queue: "q",
    queueOptions: { capacity: 10_000 },
  }).queue;
  producer = space.use(createProducer({ connection: proxy.url, commandTimeout: TIMEOUT_MS }));
  await producer.enqueue(queue, {}, { id: "before" });
});

const depth = async (): Promise<number> => {
  const control = space.use(createControl({ connection: space.url }));
  return (await control.status(queue)).depth;
};

const errorOf = (options: EnqueueOptions, task: Task = {}): Promise<unknown> =>
  producer.enqueue(queue, task, options).then(
    (result) => result,
    (error: unknown) => error,
  );

/** Until the client has noticed: before that it is as if no answer came. */
const lose = async (): Promise<void> => {
  await proxy.cut();
  await setTimeout(50);
};

interface Fault {
  readonly fault: string;
  readonly kind: string;
  readonly begin: () => Promise<void> | void;
  /** Of the first enqueue that meets it. */
  readonly outcome: "unknown" | "not-sent";
}

const faults: Fault[] = [
  { fault: "connection lost", kind: "connection", begin: lose, outcome: "not-sent" },
  { fault: "no answers", kind: "timeout", begin: () => proxy.hold(), outcome: "unknown" },
  ...[
    ["OOM command not allowed when used memory > 'maxmemory'.", "oom"],
    ["READONLY You can't write against a read only replica.", "readonly"],
    ["LOADING Redis is loading the dataset in memory", "loading"],
    ["CLUSTERDOWN The cluster is down", "clusterdown"],
  ].map(([error = "", kind = ""]) => ({
    fault: error.slice(0, error.indexOf(" ")),
    kind,
    begin: () => proxy.refuse(error),
    outcome: "not-sent" as const,
  })),
];

describe.each(faults)("Redis away: $fault", ({ kind, begin, outcome }) => {
  it("refuse: a coded error within commandTimeout, with the id, and whether it was sent", async () => {
    await begin();
    for (const turn of [1, 2, 3]) {
      const from = performance.now();
      const error = await errorOf({ onPressure: "refuse", id: `r${turn}` });
      expect(performance.now() - from).toBeLessThan(TIMEOUT_MS + 100);
      expect(error).toMatchObject({ code: "HG_REDIS_UNAVAILABLE", id: `r${turn}` });
      if (turn === 1) expect(error).toMatchObject({ outcome });
      // Nothing more is sent to one that does not answer.
      else expect(error).toMatchObject({ outcome: "not-sent" });
      if (turn === 1 && kind !== "readonly") expect(error).toMatchObject({ details: { kind } });
    }
    await proxy.restore();
    for (const turn of [1, 2, 3]) {
      expect(await producer.enqueue(queue, {}, { id: `r${turn}` })).toMatchObject({ accepted: true });
    }
    expect(await depth()).toBe(4);
  });

  it("wait: goes on waiting until its timeout, and no longer", async () => {
    await begin();
    // Meets the fault, so that the others find it.
    await errorOf({ onPressure: "refuse" });
    const from = performance.now();
    const results = await Promise.all([700, 900].map((timeout) => errorOf({ timeout })));
    const passed = performance.now() - from;
    expect(passed).toBeGreaterThan(850);
    expect(passed).toBeLessThan(900 + TIMEOUT_MS + 150);
    for (const result of results) {
      expect(result).toMatchObject({ accepted: false, reason: "timeout", retryAfterMs: expect.any(Number) });
    }
    await proxy.restore();
    await expect.poll(() => producer.enqueue(queue, {}).then(({ accepted }) => accepted)).toBe(true);
  });

  it("wait without a timeout: admitted when it is back, each once, in order, and what was acknowledged is there", async () => {
    await begin();
    const order: string[] = [];
    const waiting = Array.from({ length: 20 }, async (_, index) => {
      const result = await producer.enqueue(queue, {}, { id: `w${index}` });
      order.push(result.accepted ? result.id : "refused");
      return result;
    });
    await setTimeout(TIMEOUT_MS * 2);
    expect(order).toEqual([]);
    const back = performance.now();
    await proxy.restore();
    const results = await Promise.all(waiting);
    expect(performance.now() - back).toBeLessThan(2_500);
    expect(results.every((result) => result.accepted && !result.duplicate)).toBe(true);
    expect([...order].sort()).toEqual(Array.from({ length: 20 }, (_, index) => `w${index}`).sort());
    expect(await depth()).toBe(21);
  });
});

it("what does not pass by itself is not waited for", async () => {
  proxy.refuse("NOPERM this user has no permissions to run the 'evalsha' command");
  expect(await errorOf({})).toMatchObject({ code: "HG_REDIS_UNAVAILABLE", details: { kind: "noperm" } });
});

describe("while Redis is away", () => {
  it("memory stays bounded: what is refused is not kept to be sent later", async () => {
    await lose();
    const task = { url: "x".repeat(50_000) };
    const outcomes = await Promise.all(
      Array.from({ length: 2_000 }, (_, index) => errorOf({ onPressure: "refuse", id: `m${index}` }, task)),
    );
    expect(outcomes.every((error) => (error as { outcome?: string }).outcome === "not-sent")).toBe(true);
    await proxy.restore();
    expect(await producer.enqueue(queue, {})).toMatchObject({ accepted: true });
    await setTimeout(200);
    expect(await depth(), "none of the 2,000 was sent").toBe(2);
  });

  it("a connection that hangs for ever is left for another one", { timeout: 30_000 }, async () => {
    proxy.strand();
    const from = performance.now();
    const waiting = producer.enqueue(queue, {}, { id: "stranded" });
    expect(await errorOf({ onPressure: "refuse" })).toMatchObject({ outcome: "unknown" });
    expect(await waiting).toMatchObject({ accepted: true });
    console.log(`a stranded connection was left after ${((performance.now() - from) / 1_000).toFixed(1)} s`);
    expect(await depth(), "what was unknown came through with it").toBe(3);
  });

  it("at most maxWaiting wait; more are told so at once", async () => {
    await using small = createProducer({ connection: proxy.url, commandTimeout: TIMEOUT_MS, maxWaiting: 5 });
    await small.enqueue(queue, {});
    await lose();
    const waiting = Array.from({ length: 8 }, () => small.enqueue(queue, {}));
    const refused = await Promise.race([Promise.any(waiting), setTimeout(300)]);
    expect(refused).toMatchObject({ accepted: false, reason: "local" });
    await proxy.restore();
    const results = await Promise.all(waiting);
    expect(results.map((result) => result.accepted).sort()).toEqual([
      false,
      false,
      false,
      true,
      true,
      true,
      true,
      true,
    ]);
  });

  it("close() does not wait for it, and ends every wait", async () => {
    const closing = createProducer({ connection: proxy.url, commandTimeout: TIMEOUT_MS });
    await closing.enqueue(queue, {});
    proxy.hold();
    const waiting = [1, 2].map(() => closing.enqueue(queue, {}).catch((error: unknown) => error));
    await setTimeout(50);
    const from = performance.now();
    await closing.close();
    expect(performance.now() - from).toBeLessThan(5_000);
    expect(await Promise.all(waiting)).toEqual([1, 2].map(() => expect.objectContaining({ code: "HG_CLOSED" })));
  });
});
