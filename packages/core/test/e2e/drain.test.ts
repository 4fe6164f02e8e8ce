import { once } from "node:events";
import type { Limiter, Queue } from "headgate";
import { createControl } from "headgate/control";
import { createProducer } from "headgate/producer";
import { createWorker, type JobContext, type Processor, type WorkerOptions } from "headgate/worker";
import { describe, expect, it, vi } from "vitest";
import { openHandles } from "../support/leaks.ts";
import { define } from "../support/programs/protocol.ts";
import { runTask, type Task } from "../support/programs/task.ts";
import { useRedis } from "../support/redis.ts";

const space = useRedis();
const DRAIN_MS = 300;
/** What `close()` may take beyond drainTimeout: it aborts, waits for the end of the run, and disconnects. */
const BEYOND_MS = 2_000;

const defined = (limiterOptions = {}): { readonly limiter: Limiter; readonly queue: Queue<Task, Task> } =>
  define({
    namespace: space.namespace,
    limiter: "api",
    limiterOptions: { adaptive: false, ...limiterOptions },
    queue: "q",
    queueOptions: { attempts: 1 },
  });

const startWorker = (
  queue: Queue<Task, Task>,
  run: Processor<Task>,
  options: Partial<WorkerOptions> = {},
): ReturnType<typeof createWorker<Task, unknown>> =>
  space.use(
    createWorker<Task, unknown>(queue, run, {
      connection: space.url,
      concurrency: 1,
      drainTimeout: DRAIN_MS,
      ...options,
    }),
  );

/** Ends with the run's signal, as a processor that hands it to its client does. */
const untilAborted = async (_: Task, { signal }: JobContext): Promise<never> => {
  await once(signal, "abort");
  throw signal.reason;
};

/** Never ends, and does not look at its signal. */
const deaf = (): Promise<never> => new Promise<never>(() => undefined);

describe("close() with a job that runs longer than drainTimeout", () => {
  it.each([
    { what: "a run that obeys its signal", run: untilAborted },
    { what: "a run that ignores its signal", run: deaf },
  ])("$what: its job is back at the head, its attempt unspent, in time", async ({ run }) => {
    const { limiter, queue } = defined();
    const producer = space.use(createProducer({ connection: space.url }));
    const control = space.use(createControl({ connection: space.url }));
    for (const id of ["long", "behind"]) await producer.enqueue(queue, {}, { id });
    const before = openHandles();
    let running = 0;
    const worker = startWorker(queue, (task, ctx) => {
      running++;
      return run(task, ctx);
    });
    const failed: unknown[] = [];
    worker.on("failed", (event) => failed.push(event));
    await vi.waitFor(() => expect(running).toBe(1), { interval: 5 });

    const closedAt = performance.now();
    await worker.close();
    const tookMs = performance.now() - closedAt;
    console.log(`drainTimeout ${DRAIN_MS} ms: closed after ${tookMs.toFixed(0)} ms`);
    expect(tookMs).toBeGreaterThanOrEqual(DRAIN_MS - 5);
    expect(tookMs).toBeLessThan(DRAIN_MS + BEYOND_MS);
    await vi.waitFor(() => expect(openHandles()).toEqual(before), { timeout: 2_000, interval: 10 });

    expect((await control.status(queue)).counts).toMatchObject({ wait: 2, active: 0, delayed: 0, failed: 0 });
    expect((await control.status(limiter)).inFlight).toBe(0);
    expect(failed).toEqual([]);

    // With a single attempt a spent one would be the last.
    const runs: { id: string; attempt: number }[] = [];
    startWorker(queue, (_, { job: { id, attempt } }) => void runs.push({ id, attempt }));
    await vi.waitFor(async () => expect((await control.status(queue)).counts.completed).toBe(2), { timeout: 5_000 });
    expect(runs).toEqual([
      { id: "long", attempt: 1 },
      { id: "behind", attempt: 1 },
    ]);
    expect((await control.status(limiter)).totals, "a re-run is a new permit").toMatchObject({ granted: 3, ok: 2 });
  });

  it("puts back every job that still runs, and lets those finish that can", async () => {
    const { limiter, queue } = defined({ concurrency: 6 });
    const producer = space.use(createProducer({ connection: space.url }));
    const control = space.use(createControl({ connection: space.url }));
    // 0, 2, 4 take a moment; 1, 3, 5 go on until they are aborted; the rest is never started.
    for (let index = 0; index < 10; index++) {
      await producer.enqueue(queue, { workMs: index % 2 === 0 ? 50 : 60_000 }, { id: `${index}` });
    }
    const started: string[] = [];
    const worker = startWorker(
      queue,
      (task, ctx) => {
        started.push(ctx.job.id);
        return runTask(task, ctx);
      },
      { concurrency: 6 },
    );
    await vi.waitFor(() => expect(started).toHaveLength(6), { interval: 2 });
    await worker.close();
    expect(started, "nothing is fetched while it closes").toHaveLength(6);
    expect((await control.status(queue)).counts).toMatchObject({ wait: 7, active: 0, completed: 3, failed: 0 });
    expect((await control.status(limiter)).inFlight).toBe(0);
    expect(worker.running).toBe(0);
  });
});

describe("close()", () => {
  it("under load, over and over: nothing stays active, nothing is lost, nothing runs twice", {
    timeout: 30_000,
  }, async () => {
    const { limiter, queue } = defined();
    const producer = space.use(createProducer({ connection: space.url }));
    const control = space.use(createControl({ connection: space.url }));
    const jobs = 400;
    const admitted = await Promise.all(Array.from({ length: jobs }, () => producer.enqueue(queue, { workMs: 1 })));
    expect(admitted.every(({ accepted }) => accepted)).toBe(true);
    const runs = new Map<string, number>();
    let rounds = 0;
    for (; runs.size < jobs && rounds < 40; rounds++) {
      const from = runs.size;
      const worker = startWorker(
        queue,
        (task, ctx) => {
          runs.set(ctx.job.id, (runs.get(ctx.job.id) ?? 0) + 1);
          return runTask(task, ctx);
        },
        { concurrency: 7, drainTimeout: "10s" },
      );
      await vi.waitFor(() => expect(runs.size).toBeGreaterThan(Math.min(from + 20, jobs - 1)), { interval: 1 });
      await worker.close();
      expect((await control.status(queue)).counts.active).toBe(0);
      expect((await control.status(limiter)).inFlight).toBe(0);
    }
    expect(rounds).toBeGreaterThan(3);
    expect([...runs.values()].filter((count) => count !== 1)).toEqual([]);
    expect((await control.status(queue)).counts).toMatchObject({ wait: 0, active: 0, completed: jobs, failed: 0 });
    expect((await control.status(limiter)).totals).toMatchObject({ granted: jobs, ok: jobs });
  });

  it("is idempotent, and safe before the start and while it starts", async () => {
    const { queue } = defined();
    const before = openHandles();
    const never = startWorker(queue, runTask, { autorun: false });
    await Promise.all([never.close(), never.close()]);
    await expect(never.run()).rejects.toMatchObject({ code: "HG_CLOSED" });
    const starting = startWorker(queue, runTask);
    await Promise.all([starting.close(), starting.close()]);
    await starting.close();
    await vi.waitFor(() => expect(openHandles()).toEqual(before), { timeout: 2_000, interval: 10 });
  });
});
