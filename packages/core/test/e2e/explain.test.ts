import { FlowProducer } from "bullmq";
import { defineLimiter, defineQueue, type LimiterOptions } from "headgate";
import { createControl } from "headgate/control";
import { createProducer } from "headgate/producer";
import { createWorker, throttled } from "headgate/worker";
import { describe, expect, it, vi } from "vitest";
import { useRedis } from "../support/redis.ts";

const space = useRedis();

describe("what a job waits for, in any state", () => {
  const define = (options: LimiterOptions = {}) => {
    const limiter = defineLimiter("api", { namespace: space.namespace, adaptive: false, ...options });
    const queue = defineQueue<number>("q", { limiter, attempts: 3, backoff: { type: "fixed", delay: "1m" } });
    const producer = space.use(createProducer({ connection: space.url }));
    const control = space.use(createControl({ connection: space.url }));
    return { limiter, queue, producer, control };
  };

  it("nobody works on the queue", async () => {
    const { queue, producer, control } = define();
    await producer.enqueue(queue, 1, { id: "a" });
    const said = await control.explain(queue, "a");
    expect(said).toMatchObject({ state: "wait", ahead: 0, until: null, workers: 0, attempts: 3, attemptsMade: 0 });
    expect(said.causes).toEqual([{ cause: "workers", detail: "no worker of the queue is connected", forMs: null }]);
  });

  it("a paused queue, with the operator's reason", async () => {
    const { queue, producer, control } = define();
    await producer.enqueue(queue, 1, { id: "a" });
    await control.pause(queue, { reason: "spring cleaning" });
    const said = await control.explain(queue, "a");
    expect(said.causes).toContainEqual({
      cause: "pause",
      detail: "the queue is paused: spring cleaning",
      forMs: null,
    });
    expect(said.until).toBeNull();
  });

  it("a gate that only an operator opens", async () => {
    const { limiter, queue, producer, control } = define();
    // While the gate is shut nothing is admitted, so the job comes first.
    await producer.enqueue(queue, 1, { id: "a" });
    await control.pause(limiter, { reason: "budget" });
    await space.use(createWorker(queue, () => 1, { connection: space.url })).ready();
    const said = await control.explain(queue, "a");
    expect(said.causes[0]).toEqual({ cause: "gate", detail: "shut until it is resumed: budget", forMs: null });
    expect(said.until).toBeNull();
  });

  it("a delay, a retry after a failure, and a deferral", async () => {
    const { queue, producer, control } = define();
    const worker = space.use(
      createWorker(
        queue,
        (what) => {
          if (what === 1) throw new Error("no luck");
          throw throttled({ retryAfterMs: 30_000 });
        },
        { connection: space.url },
      ),
    );
    await producer.enqueue(queue, 0, { id: "later", delay: "5m" });
    const failed = new Promise((resolve) => worker.once("failed", resolve));
    await producer.enqueue(queue, 1, { id: "fails" });
    await failed;
    const deferred = new Promise((resolve) => worker.once("deferred", resolve));
    await producer.enqueue(queue, 2, { id: "throttled" });
    await deferred;
    const [later, retry, deferral] = await Promise.all(
      ["later", "fails", "throttled"].map((id) => control.explain(queue, id)),
    );
    expect(later).toMatchObject({ state: "delayed" });
    expect(later?.causes[0]?.cause).toBe("delay");
    expect(later?.startsInMs).toBeGreaterThan(290_000);
    expect(retry?.causes[0]?.cause).toBe("retry");
    expect(retry?.causes[0]?.detail).toMatch(/^attempt 1 of 3 failed: no luck, due in (59|60)/);
    expect(deferral).toMatchObject({ state: "delayed", deferrals: 1, attemptsMade: 0 });
    expect(deferral?.causes.map(({ cause }) => cause)).toEqual(expect.arrayContaining(["deferral", "gate"]));
    const { name, prefix } = queue.bullmq;
    expect(await space.client.lrange(`${prefix}:${name}:~throttled:logs`, 0, -1), "as Bull Board shows it").toEqual([
      "headgate: deferral 1: throttled, Retry-After 30000 ms, due in 30000 ms",
    ]);
  });

  it("its children, and a job of lower priority the jobs that are ahead of it", async () => {
    const { queue, producer, control } = define();
    const { name, prefix } = queue.bullmq;
    const flows = new FlowProducer({ connection: { url: space.url }, prefix });
    space.use(flows);
    const tree = await flows.add({ name: "parent", queueName: name, children: [{ name: "child", queueName: name }] });
    const parent = await control.explain(queue, String(tree.job.id));
    expect(parent).toMatchObject({
      state: "waiting-children",
      causes: [{ cause: "children", detail: "1 of its children have not ended", forMs: null }],
      until: null,
    });
    const child = await control.explain(queue, String(tree.children?.[0]?.job.id));
    expect(child).toMatchObject({ state: "wait", parent: `${prefix}:${name}:${tree.job.id}` });
    await producer.enqueue(queue, 1, { id: "urgent", priority: 1 });
    await producer.enqueue(queue, 1, { id: "later", priority: 9 });
    expect(await control.explain(queue, "later")).toMatchObject({ state: "prioritized", ahead: 2 });
  });

  it("a job whose worker has died", async () => {
    const { queue, producer, control } = define();
    await producer.enqueue(queue, 1, { id: "a" });
    const base = `${queue.bullmq.prefix}:${queue.bullmq.name}`;
    await space.client.lmove(`${base}:wait`, `${base}:active`, "RIGHT", "LEFT");
    expect(await control.explain(queue, "a")).toMatchObject({ state: "active", lockMs: 0, worker: null });
  });

  it("a deadline that will have passed", async () => {
    const { queue, producer, control } = define();
    await producer.enqueue(queue, 1, { id: "a", deadline: Date.now() + 5_000 });
    const { deadline } = await control.explain(queue, "a");
    expect(deadline).toBeGreaterThan(Date.now());
    expect(deadline).toBeLessThan(Date.now() + 6_000);
  });

  it("a job that runs, one that completed, and none", async () => {
    const { queue, producer, control } = define();
    let end = (): void => undefined;
    const over = new Promise<void>((resolve) => {
      end = resolve;
    });
    const worker = space.use(createWorker(queue, () => over, { connection: space.url, name: "host-7" }));
    await producer.enqueue(queue, 1, { id: "a" });
    await vi.waitFor(() => expect(worker.running).toBe(1), { interval: 5 });
    expect(await control.explain(queue, "a")).toMatchObject({
      state: "active",
      causes: [],
      until: null,
      startedAt: expect.any(Number),
      workers: 1,
      worker: "host-7",
      stalls: 0,
      lockMs: expect.any(Number),
    });
    expect((await control.explain(queue, "a")).lockMs).toBeGreaterThan(5_000);
    const completed = new Promise((resolve) => worker.once("completed", resolve));
    end();
    await completed;
    expect(await control.explain(queue, "a")).toMatchObject({
      state: "completed",
      causes: [],
      until: null,
      finishedAt: expect.any(Number),
    });
    await expect(control.explain(queue, "b")).rejects.toMatchObject({ code: "HG_JOB_NOT_FOUND" });
  });
});
