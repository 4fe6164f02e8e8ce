import { defineQueue } from "headgate";
import { createControl } from "headgate/control";
import { createProducer } from "headgate/producer";
import { createWorker } from "headgate/worker";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { type Api, startApi } from "../support/api.ts";
import { Program } from "../support/process.ts";
import { type Definition, define } from "../support/programs/protocol.ts";
import { runTask, type Task } from "../support/programs/task.ts";
import { useRedis } from "../support/redis.ts";

const space = useRedis();
let api: Api;

beforeEach(async () => {
  api = space.use(await startApi());
});

/** One call at a time: what the API sees after its 429 is the gate's doing, and no call was on the way. */
const definition = (): Definition => ({
  namespace: space.namespace,
  limiter: "api",
  limiterOptions: { adaptive: false, concurrency: 1 },
  queue: "q",
  queueOptions: { maxWait: "500ms" },
});

const inSeconds = (seconds: number): string => new Date(Date.now() + seconds * 1_000).toUTCString();

describe("429 with Retry-After", () => {
  it.each([
    { form: "seconds", header: () => "1", leastMs: 1_000, mostMs: 1_600 },
    // Whole seconds on the wire, held against the response's own Date: up to a second less than it was meant.
    { form: "an HTTP date", header: () => inSeconds(2), leastMs: 1_000, mostMs: 2_600 },
  ])(
    "as $form: shuts the gate for every process and queue of the limiter, and spends no attempt",
    { timeout: 30_000 },
    async ({ header, leastMs, mostMs }) => {
      const { limiter, queue } = define(definition());
      const second = defineQueue<Task>("second", { limiter });
      const producer = space.use(createProducer({ connection: space.url }));
      const tasks = Array.from({ length: 6 }, (_, index) => index);
      for (const index of tasks) {
        await producer.enqueue(queue, { url: api.url }, { id: `q-${index}` });
        await producer.enqueue(second, { url: api.url }, { id: `second-${index}` });
      }
      let refusedAt = 0;
      let until = "";
      api.answer(({ at }) => {
        if (api.calls.length !== 3) return { status: 200 };
        refusedAt = at;
        until = header();
        return { status: 429, headers: { "retry-after": until } };
      });

      const attempts: number[] = [];
      const deferred: { id: string; deferrals: number; delayMs: number }[] = [];
      const workers = [queue, second].map((one) => space.use(createWorker(one, runTask, { connection: space.url })));
      for (const worker of workers) {
        worker.on("completed", ({ result }) => attempts.push(result as number));
        worker.on("deferred", (event) => deferred.push(event));
      }
      const elsewhere = await Program.start("worker", { url: space.url, definition: definition() });
      const ended = () => attempts.length + elsewhere.all("completed").length;
      await vi.waitFor(() => expect(ended()).toBe(12), { timeout: 15_000, interval: 10 });

      const [next] = api.calls.slice(3);
      const gapMs = (next?.at ?? 0) - refusedAt;
      console.log(`Retry-After ${until}: the next call came after ${gapMs} ms`);
      expect(gapMs).toBeGreaterThanOrEqual(leastMs - 5);
      expect(gapMs).toBeLessThan(mostMs);
      expect(api.calls, "one call more than there are jobs").toHaveLength(13);
      const all = [...deferred, ...elsewhere.all("deferred")];
      expect(all).toEqual([expect.objectContaining({ id: api.calls[2]?.body, deferrals: 1 })]);
      expect(all[0]?.delayMs).toBeGreaterThan(leastMs - 100);
      expect(
        attempts.every((attempt) => attempt === 1),
        "no attempt is spent",
      ).toBe(true);
      const bull = await space.client.hget(`${queue.bullmq.prefix}:${queue.bullmq.name}:~${api.calls[2]?.body}`, "atm");
      expect([null, "1"], "BullMQ's attemptsMade of the deferred job").toContain(bull);
      await elsewhere.close();
    },
  );

  it("reaches a producer in another process, and so does its end", { timeout: 30_000 }, async () => {
    const { queue } = define(definition());
    const producer = space.use(createProducer({ connection: space.url }));
    const elsewhere = await Program.start("producer", { url: space.url, definition: definition() });
    elsewhere.tell({ do: "enqueue", wishes: [{ task: { url: api.url }, id: "first" }], onPressure: "wait" });
    await elsewhere.next("enqueued");
    let refusedAt = 0;
    api.answer(({ at }) => {
      if (refusedAt > 0) return { status: 200 };
      refusedAt = at;
      return { status: 429, headers: { "retry-after": "2" } };
    });

    space.use(createWorker(queue, runTask, { connection: space.url }));
    const { change, at } = await elsewhere.next("level", ({ change }) => change.level === "closed");
    console.log(`level "closed" in another process ${at - refusedAt} ms after the 429 was sent`);
    expect(change).toMatchObject({ queue: "q", reason: "gate" });
    expect(at - refusedAt).toBeLessThan(250);
    expect(await producer.enqueue(queue, {}, { onPressure: "refuse" })).toMatchObject({
      accepted: false,
      reason: "closed",
      level: "closed",
      // maxWait before the gate opens.
      retryAfterMs: expect.closeTo(1_450, -2),
    });

    // A waiting producer is let in when the gate opens, without asking before.
    elsewhere.tell({ do: "enqueue", wishes: [{ task: { url: api.url }, id: "second" }], onPressure: "wait" });
    await vi.waitFor(() => expect(elsewhere.all("enqueued")).toHaveLength(2), { timeout: 10_000 });
    expect(Date.now() - refusedAt).toBeGreaterThan(2_000 - 500 - 50);
    await vi.waitFor(() => expect(api.calls).toHaveLength(3), { timeout: 10_000 });
    await elsewhere.close();
  });

  it("a later, shorter one does not shorten the gate (I6)", async () => {
    const { limiter, queue } = define({ ...definition(), limiterOptions: { adaptive: false, concurrency: 2 } });
    const producer = space.use(createProducer({ connection: space.url }));
    const control = space.use(createControl({ connection: space.url }));
    for (const id of ["long", "short"]) await producer.enqueue(queue, { url: api.url }, { id });
    api.answer(({ body }) =>
      body === "long"
        ? { status: 429, headers: { "retry-after": "20" } }
        : { status: 429, headers: { "retry-after": "1" }, afterMs: 150 },
    );
    const worker = space.use(createWorker(queue, runTask, { connection: space.url }));
    const deferred: { id: string; delayMs: number }[] = [];
    worker.on("deferred", (event) => deferred.push(event));
    await vi.waitFor(() => expect(deferred.map(({ id }) => id)).toEqual(["long"]), { interval: 5 });
    const before = (await control.status(limiter)).gate;
    await vi.waitFor(() => expect(deferred).toHaveLength(2));
    const after = (await control.status(limiter)).gate;
    expect(before).toMatchObject({ closed: true });
    expect(after.until).toBe(before.until);
    expect(after.remainingMs).toBeGreaterThan(19_000);
    expect(deferred[1]?.delayMs, "the job of the shorter one waits for the gate, too").toBeGreaterThan(19_000);
    // Only an operator opens it.
    await control.resume(limiter);
    expect((await control.status(limiter)).gate.closed).toBe(false);
  });
});
