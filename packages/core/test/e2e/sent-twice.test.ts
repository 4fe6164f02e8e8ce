import { createControl } from "headgate/control";
import { createProducer, type EnqueueOptions } from "headgate/producer";
import { createWorker, type WorkerOptions } from "headgate/worker";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { DropRepliesProxy } from "../support/drop-replies-proxy.ts";
import { type Definition, define } from "../support/programs/protocol.ts";
import { runTask, type Task } from "../support/programs/task.ts";
import { useRedis } from "../support/redis.ts";

const space = useRedis();
const AMOUNT = 10_000;
let proxy: DropRepliesProxy;

beforeEach(async () => {
  proxy = space.use(await DropRepliesProxy.start(space.url));
});

/** Every permit is counted in a bucket that hardly refills. */
const defined = (queueOptions: Definition["queueOptions"] = {}) =>
  define({
    namespace: space.namespace,
    limiter: "api",
    limiterOptions: { adaptive: false, limits: [{ unit: "requests", amount: AMOUNT, per: "30d", burst: AMOUNT }] },
    queue: "q",
    queueOptions: {
      attempts: 3,
      backoff: { type: "fixed", delay: 10 },
      throttledHigh: 1,
      throttledLow: 0.9,
      ...queueOptions,
    },
  });

describe("an enqueue whose reply is lost", () => {
  const kinds: { script: string; options: EnqueueOptions }[] = [
    { script: "addStandardJob", options: {} },
    { script: "addDelayedJob", options: { delay: 60_000 } },
    { script: "addPrioritizedJob", options: { priority: 7 } },
  ];
  it.each(
    kinds.flatMap((kind) => [
      { ...kind, id: "mine" as string | undefined },
      { ...kind, id: undefined },
    ]),
  )("$script, id $id: one job, and not a duplicate", async ({ script, options, id }) => {
    const { queue } = defined();
    const producer = space.use(createProducer({ connection: proxy.url }));
    await producer.status(queue);
    proxy.drop(script);
    const result = await producer.enqueue(queue, {}, { ...options, ...(id ? { id } : {}) });
    expect(result).toMatchObject({ accepted: true, duplicate: false, depth: 1, ...(id ? { id } : {}) });
    expect(proxy.lost.get(script)).toBe(1);
    expect(proxy.sent.get(script), "it was sent again").toBeGreaterThanOrEqual(2);
    expect((await producer.status(queue)).depth).toBe(1);
  });

  it("at the last free place: accepted once, and the next one is refused", async () => {
    const { queue } = define({
      namespace: space.namespace,
      limiter: "api",
      queue: "tight",
      queueOptions: { capacity: 1 },
    });
    const producer = space.use(createProducer({ connection: proxy.url }));
    await producer.status(queue);
    proxy.drop("addStandardJob");
    expect(await producer.enqueue(queue, {})).toMatchObject({ accepted: true, duplicate: false, depth: 1 });
    expect(await producer.enqueue(queue, {}, { onPressure: "refuse" })).toMatchObject({ accepted: false, depth: 1 });
  });

  it("200 at once, every reply lost once: 200 jobs", async () => {
    const { queue } = defined();
    const producer = space.use(createProducer({ connection: proxy.url }));
    await producer.status(queue);
    proxy.dropFirstOfEach();
    const results = await Promise.all(Array.from({ length: 200 }, () => producer.enqueue(queue, {})));
    expect(results.filter((result) => result.accepted && !result.duplicate)).toHaveLength(200);
    expect((await producer.status(queue)).depth).toBe(200);
    expect(proxy.lost.get("addStandardJob")).toBeGreaterThan(0);
  });
});

/** Runs the tasks on one worker behind the proxy, and looks at what is left when all is done. */
async function work(
  tasks: readonly Task[],
  options: Omit<WorkerOptions, "connection">,
  lose: () => void,
  queueOptions: Definition["queueOptions"] = {},
) {
  const { limiter, queue } = defined(queueOptions);
  const producer = space.use(createProducer({ connection: space.url }));
  const control = space.use(createControl({ connection: space.url }));
  for (const [index, task] of tasks.entries()) await producer.enqueue(queue, task, { id: `job-${index}` });

  const runs = new Map<string, number>();
  const completed: string[] = [];
  const failed: string[] = [];
  const worker = space.use(
    createWorker(
      queue,
      (task, ctx) => {
        runs.set(ctx.job.id, (runs.get(ctx.job.id) ?? 0) + 1);
        return runTask(task, ctx);
      },
      // Long lock times: whatever is stranded stays stranded, and the test fails.
      { lockDuration: "60s", stalledInterval: "60s", ...options, autorun: false, connection: proxy.url },
    ),
  );
  worker.on("completed", ({ id }) => completed.push(id));
  worker.on("failed", ({ id, error }) => failed.push(`${id}: ${error.message}`));
  lose();
  await worker.run();
  await vi.waitFor(() => expect(completed).toHaveLength(tasks.length), { timeout: 15_000, interval: 10 });
  const status = await control.status(limiter);
  const { counts } = await control.status(queue);
  return { runs, completed, failed, status, counts, spent: AMOUNT - (status.limits[0]?.remaining ?? Number.NaN) };
}

type Outcome = Awaited<ReturnType<typeof work>>;

/** One run of every job, or one more for each deferral and retry; each paid for once. */
function expectOnce({ runs, completed, failed, status, counts, spent }: Outcome, tasks: readonly Task[]): void {
  const expected = tasks.map(({ deferrals = 0, failures = 0 }) => 1 + deferrals + failures);
  const total = expected.reduce((sum, runsOfOne) => sum + runsOfOne, 0);
  expect(tasks.map((_, index) => runs.get(`job-${index}`))).toEqual(expected);
  expect(completed.toSorted()).toEqual(tasks.map((_, index) => `job-${index}`).toSorted());
  expect(failed.filter((event) => !event.includes("fails as planned"))).toEqual([]);
  expect(failed).toHaveLength(tasks.reduce((sum, { failures = 0 }) => sum + failures, 0));
  expect(counts).toMatchObject({ wait: 0, active: 0, delayed: 0, completed: tasks.length, failed: 0 });
  expect(status.inFlight).toBe(0);
  expect(status.totals).toMatchObject({ granted: total, ok: tasks.length });
  expect(spent, "no cost is charged twice").toBeCloseTo(total, 0);
}

describe("a worker whose replies are lost", () => {
  const plain: Task[] = Array.from({ length: 12 }, () => ({ workMs: 5 }));
  it.each([
    { script: "moveToActive", tasks: plain, concurrency: 1 },
    { script: "moveToActive", tasks: plain, concurrency: 4 },
    { script: "moveToFinished", tasks: plain, concurrency: 1 },
    { script: "moveToFinished", tasks: plain, concurrency: 4 },
    { script: "moveToDelayed", tasks: plain.map(() => ({ deferrals: 1 })), concurrency: 1 },
    { script: "moveToDelayed", tasks: plain.map(() => ({ deferrals: 1 })), concurrency: 4 },
    { script: "moveToDelayed", tasks: plain.map(() => ({ failures: 1 })), concurrency: 4 },
  ])(
    "$script × 5 at concurrency $concurrency: every job once, nothing stranded",
    async ({ script, tasks, concurrency }) => {
      const outcome = await work(tasks, { concurrency }, () => proxy.drop(script, 5));
      expect(proxy.lost.get(script)).toBeGreaterThan(0);
      expectOnce(outcome, tasks);
    },
  );

  it.each([1, 12])("moveToFinished of %i jobs that are not kept: none is said to have failed", async (jobs) => {
    const tasks = plain.slice(0, jobs);
    const none = { completed: { count: 0 } };
    const outcome = await work(tasks, { concurrency: 2 }, () => proxy.drop("moveToFinished", 5), { retention: none });
    expect(proxy.lost.get("moveToFinished")).toBeGreaterThan(0);
    expect(outcome.failed).toEqual([]);
    expect(outcome.counts).toMatchObject({ wait: 0, active: 0, completed: 0, failed: 0 });
    expect(outcome.status.totals).toMatchObject({ granted: jobs, ok: jobs });
  });

  it("every command of the worker: carried out twice, done once", { timeout: 60_000 }, async () => {
    const tasks: Task[] = Array.from(
      { length: 24 },
      (_, index) => [{ workMs: 3 }, { deferrals: 1 }, { failures: 1 }][index % 3] as Task,
    );
    const outcome = await work(tasks, { concurrency: 4 }, () => proxy.dropFirstOfEach());
    console.log(`replies lost: ${JSON.stringify(Object.fromEntries(proxy.lost))}`);
    for (const script of ["moveToActive", "moveToFinished", "moveToDelayed"])
      expect(proxy.lost.get(script)).toBeGreaterThan(0);
    expectOnce(outcome, tasks);
  });
});
