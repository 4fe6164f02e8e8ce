import { defineLimiter, defineQueue, type Queue } from "headgate";
import { createControl } from "headgate/control";
import { createProducer } from "headgate/producer";
import { createWorker, throttled } from "headgate/worker";
import { describe, expect, it, vi } from "vitest";
import { useRedis } from "../support/redis.ts";

const space = useRedis();

const define = (): Queue<string, string> =>
  defineQueue<string, string>("q", {
    limiter: defineLimiter("api", { namespace: space.namespace, adaptive: false }),
    attempts: 1,
    deferrals: { max: 0, maxAge: "1h" },
  });

async function fail(queue: Queue<string, string>, payloads: readonly string[]): Promise<void> {
  const producer = space.use(createProducer({ connection: space.url }));
  const failed: string[] = [];
  const worker = createWorker(
    queue,
    (payload) => {
      if (payload === "throttled") throw throttled({ retryAfterMs: 100 });
      throw new Error(`no luck with ${payload}`);
    },
    { connection: space.url, concurrency: 1 },
  );
  worker.on("failed", ({ id }) => failed.push(id));
  for (const payload of payloads) await producer.enqueue(queue, payload, { id: payload });
  await vi.waitFor(() => expect(failed).toHaveLength(payloads.length), { timeout: 10_000 });
  await worker.close();
}

const control = () => space.use(createControl({ connection: space.url }));

async function ids(queue: Queue<string, string>, options = {}): Promise<readonly string[]> {
  const found: string[] = [];
  for await (const { id } of control().failed(queue, options)) found.push(id);
  return found;
}

describe("the failed set", () => {
  it("is listed with what is needed to judge it, the newest first, by reason and by number", async () => {
    const queue = define();
    await fail(queue, ["a", "b", "c"]);
    expect(await ids(queue)).toEqual(["c", "b", "a"]);
    expect(await ids(queue, { limit: 2 })).toEqual(["c", "b"]);
    expect(await ids(queue, { reason: "with b" })).toEqual(["b"]);
    const { value: newest } = await control().failed(queue).next();
    expect(newest).toEqual({
      id: "c",
      failedAt: expect.any(Number),
      enqueuedAt: expect.any(Number),
      reason: "no luck with c",
      attemptsMade: 1,
      deferrals: 0,
      priority: null,
      payload: "c",
    });
  });

  it("is retried with all attempts and a new budget of deferrals; who is not in it is left alone", async () => {
    const queue = define();
    await fail(queue, ["a", "throttled"]);
    expect(await control().retryFailed(queue, ["a", "throttled", "nobody"])).toEqual(["a", "throttled"]);
    expect(await control().retryFailed(queue, ["a"])).toEqual([]);
    const attempts: number[] = [];
    const worker = space.use(
      createWorker(queue, (_payload, { job }) => void attempts.push(job.attempt, job.deferrals), {
        connection: space.url,
      }),
    );
    await worker.ready();
    await vi.waitFor(() => expect(attempts).toEqual([1, 0, 1, 0]), { timeout: 10_000 });
    expect(await ids(queue)).toEqual([]);
  });
});
