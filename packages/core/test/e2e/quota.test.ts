import { readFileSync } from "node:fs";
import { defineLimiter, defineQueue } from "headgate";
import { createControl } from "headgate/control";
import { createProducer } from "headgate/producer";
import { createWorker, throttled } from "headgate/worker";
import { beforeEach, expect, it, vi } from "vitest";
import { type Answer, type Api, startApi } from "../support/api.ts";
import { useRedis } from "../support/redis.ts";

const space = useRedis();
let api: Api;

beforeEach(async () => {
  api = space.use(await startApi());
});

const limiter = () => defineLimiter("openai", { namespace: space.namespace, provider: "openai", concurrency: 3 });

/** As OpenAI says that there is no credit: a 429 without Retry-After, the code in its body. */
const recorded = (name: string): Answer => {
  const url = new URL(`../../../hints/test/fixtures/${name}.json`, import.meta.url);
  const { answer } = JSON.parse(readFileSync(url, "utf8")) as {
    answer: { status: number; headers: Record<string, string>; body: unknown };
  };
  return { ...answer, body: JSON.stringify(answer.body) };
};

it("OpenAI without credit: jobs are parked, nothing fails, and an operator's resume goes on", async () => {
  const queue = defineQueue<{ n: number }>("q", { limiter: limiter(), attempts: 1, deferrals: { max: 0 } });
  const [producer, control] = [
    space.use(createProducer({ connection: space.url })),
    space.use(createControl({ connection: space.url })),
  ];
  for (let n = 0; n < 10; n++) await producer.enqueue(queue, { n }, { id: `${n}` });
  api.answer(() => recorded("openai-no-credit"));
  const worker = space.use(
    createWorker(
      queue,
      async (_, ctx) => {
        await ctx.fetch(api.url, { method: "POST", body: ctx.job.id });
        return ctx.job.attempt;
      },
      { connection: space.url },
    ),
  );
  const events: string[] = [];
  worker.on("parked", ({ id, reason }) => events.push(`parked ${id} ${reason}`));
  worker.on("deferred", ({ id }) => events.push(`deferred ${id}`));
  worker.on("failed", ({ id }) => events.push(`failed ${id}`));
  const attempts: unknown[] = [];
  worker.on("completed", ({ result }) => attempts.push(result));

  await vi.waitFor(async () => expect((await control.status(queue.limiter)).gate.closed).toBe(true));
  await vi.waitFor(async () => expect((await control.status(queue.limiter)).inFlight).toBe(0));
  const status = await control.status(queue.limiter);
  expect(status.gate.reason).toBe("quota");
  expect(status.gate.remainingMs).toBeGreaterThan(300 * 86_400_000);
  expect(status.totals).toMatchObject({ throttled: api.calls.length, failed: 0 });
  expect(status.throttledPerSecond, "no congestion").toBe(0);
  expect(await control.status(queue)).toMatchObject({
    counts: { wait: 10, delayed: 0, failed: 0 },
    level: "closed",
    reason: "gate",
  });
  const { causes } = await control.explain(queue, "9");
  expect(causes).toContainEqual(expect.objectContaining({ cause: "gate", detail: expect.stringContaining("quota") }));
  const calls = api.calls.length;
  expect(calls, "what was in flight, and nothing after it").toBeLessThanOrEqual(3);
  expect(events).toEqual(api.calls.map(({ body }) => `parked ${body} HTTP 429`));

  api.answer(() => ({ status: 200 }));
  await control.resume(queue.limiter);
  await vi.waitFor(() => expect(attempts).toHaveLength(10), { timeout: 10_000 });
  expect(attempts, "no attempt was spent").toEqual(Array(10).fill(1));
  expect(api.calls).toHaveLength(calls + 10);
  expect(events).toHaveLength(calls);
  expect((await control.status(queue.limiter)).gate).toMatchObject({ closed: false, reason: null });
});

it("an error of the openai library without credit is classified without the user doing anything", async () => {
  const queue = defineQueue("q", { limiter: limiter() });
  const producer = space.use(createProducer({ connection: space.url }));
  const control = space.use(createControl({ connection: space.url }));
  // As openai 6.49.0 throws it.
  const error = Object.assign(new Error("429 You exceeded your current quota"), {
    status: 429,
    code: "insufficient_quota",
    type: "insufficient_quota",
    headers: new Headers(),
    error: { code: "insufficient_quota", type: "insufficient_quota", message: "…", param: null },
  });
  space.use(createWorker(queue, () => Promise.reject(error), { connection: space.url }));
  await producer.enqueue(queue, {}, { id: "a" });
  await vi.waitFor(async () => expect((await control.status(queue.limiter)).gate.reason).toBe("quota"));
  expect(await control.status(queue)).toMatchObject({ counts: { wait: 1, failed: 0 } });
});

it("a quota with a known end opens by itself", async () => {
  const queue = defineQueue("q", { limiter: limiter() });
  const producer = space.use(createProducer({ connection: space.url }));
  const runs: number[] = [];
  const worker = space.use(
    createWorker(
      queue,
      () => {
        runs.push(Date.now());
        if (runs.length === 1) throw throttled({ retryAfterMs: 700, terminal: true });
      },
      { connection: space.url },
    ),
  );
  const done = new Promise((resolve) => worker.once("completed", resolve));
  await producer.enqueue(queue, {}, { id: "a" });
  await done;
  expect((runs[1] ?? 0) - (runs[0] ?? 0)).toBeGreaterThanOrEqual(690);
});

it("an answer that is returned is whole though its body was read", async () => {
  const queue = defineQueue("q", { limiter: limiter() });
  const producer = space.use(createProducer({ connection: space.url }));
  const control = space.use(createControl({ connection: space.url }));
  api.answer(() => recorded("openai-no-credit"));
  const worker = space.use(
    createWorker(
      queue,
      async (_, ctx) => {
        const response = await ctx.fetch(api.url, { method: "POST", body: "x", throwOnThrottle: false });
        return ((await response.json()) as { error: { code: string } }).error.code;
      },
      { connection: space.url },
    ),
  );
  const done = new Promise<{ result: unknown }>((resolve) => worker.once("completed", resolve));
  await producer.enqueue(queue, {}, { id: "a" });
  expect((await done).result).toBe("credit_balance_exhausted");
  expect((await control.status(queue.limiter)).gate.reason).toBe("quota");
});
