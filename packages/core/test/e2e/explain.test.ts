import { FlowProducer } from "bullmq";
import { defineLimiter, defineQueue, type LimiterOptions, type Queue } from "headgate";
import { type Control, createControl, type Explanation } from "headgate/control";
import { createProducer, type Producer } from "headgate/producer";
import { createWorker, throttled } from "headgate/worker";
import { describe, expect, it, vi } from "vitest";
import { useRedis } from "../support/redis.ts";

const space = useRedis();

/** What `explain` says may be off by this share of the wait, and by a timekeeper's step. */
const SHARE = 0.2;
const SLACK_MS = 60;

interface Row {
  readonly what: string;
  readonly limiter: LimiterOptions;
  readonly cost?: (index: number) => Record<string, number>;
  readonly jobs: number;
  readonly runMs: number;
  readonly hands: number;
  /** Jobs to explain, by their place in line. */
  readonly asked: readonly number[];
  /** What the last of them waits for first. */
  readonly first: string;
  /** Asked when this many jobs have started: what only shows while the queue runs. */
  readonly after: number;
  readonly queues?: number;
  /** What the API lets through per second; without, everything. */
  readonly accepts?: number;
  readonly prepare?: (control: Control, queue: Queue<number>) => Promise<void>;
}

const rows: readonly Row[] = [
  {
    what: "a limit of requests",
    limiter: { limits: [{ unit: "requests", amount: 100, per: "1s" }] },
    jobs: 300,
    runMs: 20,
    hands: 20,
    asked: [80, 160, 299],
    first: "limit",
    after: 0,
  },
  {
    what: "a limit of tokens, costs that differ",
    limiter: { limits: [{ unit: "tokens", amount: 10_000, per: "1s", burst: 500 }] },
    cost: (index) => ({ tokens: index % 2 === 0 ? 50 : 350 }),
    jobs: 140,
    runMs: 10,
    hands: 20,
    asked: [60, 90, 139],
    first: "limit",
    after: 25,
  },
  {
    what: "the limiter's concurrency",
    limiter: { concurrency: 4 },
    jobs: 80,
    runMs: 150,
    hands: 20,
    asked: [40, 60, 79],
    first: "concurrency",
    after: 12,
  },
  {
    what: "workers with all hands full",
    limiter: { limits: [{ unit: "requests", amount: 1_000, per: "1s" }] },
    jobs: 70,
    runMs: 200,
    hands: 5,
    asked: [40, 69],
    first: "workers",
    after: 15,
  },
  {
    what: "a shut gate and the limit behind it",
    limiter: { limits: [{ unit: "requests", amount: 100, per: "1s" }] },
    jobs: 160,
    runMs: 20,
    hands: 20,
    asked: [0, 80, 159],
    first: "gate",
    after: 0,
    prepare: (control, { limiter }) => control.pause(limiter, { for: "2s", reason: "look" }),
  },
  {
    what: "two queues of one limiter in turn",
    limiter: { limits: [{ unit: "requests", amount: 100, per: "1s" }] },
    jobs: 120,
    runMs: 20,
    hands: 20,
    asked: [60, 119],
    first: "limit",
    after: 60,
    queues: 2,
  },
  {
    what: "a rate that is learned from an API that says nothing",
    limiter: { adaptive: true },
    jobs: 500,
    runMs: 20,
    hands: 20,
    asked: [330, 420, 480],
    first: "rate",
    after: 250,
    accepts: 80,
  },
];

/** An API with a token bucket; what it refuses it refuses without a hint. */
function apiOf(perSecond: number): () => void {
  let [left, at] = [10, performance.now()];
  return () => {
    const now = performance.now();
    left = Math.min(10, left + ((now - at) / 1_000) * perSecond);
    at = now;
    if (left < 1) throw throttled();
    left -= 1;
  };
}

interface Told {
  readonly place: number;
  readonly said: Explanation;
  readonly askedAt: number;
}

/** Fills the queues, explains, runs them to the end, and holds what was said against when jobs really started. */
async function told(row: Row): Promise<{ answers: Told[]; startedAt: Map<string, number> }> {
  const limiter = defineLimiter("api", { namespace: space.namespace, adaptive: false, ...row.limiter });
  const names = Array.from({ length: row.queues ?? 1 }, (_, index) => `q${index}`);
  const cost = row.cost;
  const queues = names.map((name) => defineQueue<number>(name, { limiter, ...(cost ? { cost } : {}) }));
  const producer = space.use(createProducer({ connection: space.url }));
  const control = space.use(createControl({ connection: space.url }));
  const [queue] = queues;
  if (!queue) throw new Error("no queue");
  for (const one of queues) await fill(producer, one, row.jobs);
  await row.prepare?.(control, queue);

  const startedAt = new Map<string, number>();
  const call = row.accepts === undefined ? () => undefined : apiOf(row.accepts);
  const run = async (index: number, ctx: { job: { queue: string } }): Promise<void> => {
    call();
    startedAt.set(`${ctx.job.queue}/${index}`, Date.now());
    await new Promise((resolve) => setTimeout(resolve, row.runMs));
  };
  const workers = queues.map((one) =>
    space.use(createWorker(one, run, { connection: space.url, concurrency: row.hands })),
  );
  await Promise.all(workers.map((worker) => worker.ready()));
  await vi.waitFor(() => expect(startedAt.size).toBeGreaterThanOrEqual(row.after), { timeout: 10_000, interval: 5 });
  const answers = await Promise.all(
    row.asked.map(async (place) => ({
      place,
      askedAt: Date.now(),
      said: await control.explain(queue, `job-${place}`),
    })),
  );
  await vi.waitFor(() => expect(startedAt.size).toBe(row.jobs * queues.length), { timeout: 20_000, interval: 20 });
  return { answers, startedAt };
}

async function fill(producer: Producer, queue: Queue<number>, jobs: number): Promise<void> {
  for (let index = 0; index < jobs; index++) await producer.enqueue(queue, index, { id: `job-${index}` });
}

describe("explain is right within 20 % about when a job starts", () => {
  it.each(rows)("$what", { timeout: 40_000 }, async (row) => {
    const { answers, startedAt } = await told(row);
    const lines = answers.map(({ place, said, askedAt }) => {
      const waited = (startedAt.get(`q0/${place}`) ?? Number.NaN) - askedAt;
      return { place, ahead: said.ahead, said: said.startsInMs, waited, first: said.causes[0]?.cause };
    });
    console.log(
      row.what,
      lines.map(({ place, said, waited }) => `${place}: said ${said}, was ${waited} ms`).join("; "),
    );
    for (const { said, waited } of lines) {
      expect(said).not.toBeNull();
      expect(Math.abs((said ?? 0) - waited)).toBeLessThanOrEqual(SHARE * waited + SLACK_MS);
    }
    expect(lines.at(-1)?.first).toBe(row.first);
  });
});

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

  it("a job that runs, one that completed, and none", async () => {
    const { queue, producer, control } = define();
    let end = (): void => undefined;
    const over = new Promise<void>((resolve) => {
      end = resolve;
    });
    const worker = space.use(createWorker(queue, () => over, { connection: space.url }));
    await producer.enqueue(queue, 1, { id: "a" });
    await vi.waitFor(() => expect(worker.running).toBe(1), { interval: 5 });
    expect(await control.explain(queue, "a")).toMatchObject({
      state: "active",
      causes: [],
      until: null,
      startedAt: expect.any(Number),
      workers: 1,
    });
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
