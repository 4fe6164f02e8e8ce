import { defineLimiter, defineQueue, type Queue } from "headgate";
import { createControl } from "headgate/control";
import { createProducer, type FlowNode, type FlowResult } from "headgate/producer";
import { type ChildResult, createWorker } from "headgate/worker";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { z } from "zod";
import { DropRepliesProxy } from "../support/drop-replies-proxy.ts";
import { useRedis } from "../support/redis.ts";

const space = useRedis();
const part = z.object({ n: z.number() });
type Part = z.infer<typeof part>;
let parts: Queue<Part, Part>;
let sums: Queue<Part, Part>;

beforeEach(() => {
  const limiter = defineLimiter("api", { namespace: space.namespace, adaptive: false });
  const watermarks = { high: 1, low: 0.5 };
  parts = defineQueue("parts", { limiter, payload: part, capacity: 10, watermarks });
  sums = defineQueue("sums", {
    limiter,
    payload: part,
    capacity: 5,
    watermarks,
    cost: ({ n }) => ({ tokens: n }),
  });
});

const child = (n: number, more: Partial<FlowNode> = {}): FlowNode => ({ queue: parts, payload: { n }, ...more });
const flow = (children: readonly FlowNode[], more: Partial<FlowNode> = {}): FlowNode => ({
  queue: sums,
  payload: { n: 0 },
  children,
  ...more,
});
const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

async function depths(): Promise<{ parts: number; sums: number }> {
  await using producer = createProducer({ connection: space.url });
  return { parts: (await producer.status(parts)).depth, sums: (await producer.status(sums)).depth };
}

/** Runs both queues; the order in which jobs ran. */
function work(fails: (n: number) => boolean = () => false): string[] {
  const ran: string[] = [];
  for (const queue of [parts, sums]) {
    space.use(
      createWorker(
        queue,
        ({ n }) => {
          ran.push(`${queue.name}:${n}`);
          if (queue === parts && fails(n)) throw new Error("fails as planned");
        },
        { connection: space.url, concurrency: 1 },
      ),
    );
  }
  return ran;
}

async function passed(ms: number): Promise<void> {
  const till = performance.now() + ms;
  await vi.waitFor(() => expect(performance.now()).toBeGreaterThan(till), { interval: 10 });
}

const refuse = { onPressure: "refuse" } as const;

describe("enqueueFlow", () => {
  it("stores all of it, and the parent runs after its children", async () => {
    const producer = space.use(createProducer({ connection: space.url }));
    const result = await producer.enqueueFlow(
      {
        queue: sums,
        payload: { n: 100 },
        id: "total",
        children: [
          { queue: parts, payload: { n: 1 }, id: "first" },
          { queue: sums, payload: { n: 50 }, children: [{ queue: parts, payload: { n: 2 } }] },
        ],
      },
      refuse,
    );
    expect(result).toMatchObject({
      accepted: true,
      duplicate: false,
      id: "total",
      depth: 2,
      children: [
        { id: "first", queue: "parts", children: [] },
        { queue: "sums", children: [{ queue: "parts" }] },
      ],
    });
    expect(await depths()).toEqual({ parts: 2, sums: 2 });
    expect(await space.client.hget(`${sums.bullmq.prefix}:sums:~total`, "hg:cost")).toBe('{"requests":1,"tokens":100}');
    const ran = work();
    await vi.waitFor(() => expect(ran).toHaveLength(4));
    expect(ran.slice(0, 2)).toEqual(["parts:1", "parts:2"]);
    expect(ran.slice(2)).toEqual(["sums:50", "sums:100"]);
    await vi.waitFor(async () => expect(await depths()).toEqual({ parts: 0, sums: 0 }));
  });

  it.each([
    { what: "the children's queue", before: 8, children: 3, queue: "parts" },
    { what: "the root's queue", before: 0, children: 1, queue: "sums" },
  ])("$what has no room: nothing of it is stored", async ({ before, children, queue }) => {
    const producer = space.use(createProducer({ connection: space.url }));
    for (const n of upTo(before)) await producer.enqueue(parts, { n }, refuse);
    if (queue === "sums") {
      for (const _ of upTo(5)) await producer.enqueue(sums, { n: 1 });
    }
    const told = await depths();
    const result = await producer.enqueueFlow(flow(upTo(children).map((n) => child(n))), refuse);
    expect(result).toMatchObject({ accepted: false, queue });
    expect(result.accepted ? 0 : result.retryAfterMs).toBeGreaterThan(0);
    expect(await depths()).toEqual(told);
  });

  it("fits exactly: admitted, and not one more", async () => {
    const producer = space.use(createProducer({ connection: space.url }));
    expect(await producer.enqueueFlow(flow(upTo(10).map((n) => child(n))), refuse)).toMatchObject({ accepted: true });
    expect(await depths()).toEqual({ parts: 10, sums: 1 });
    expect(await producer.enqueueFlow(flow([child(1)]), refuse)).toMatchObject({ accepted: false, queue: "parts" });
    expect(await producer.enqueue(parts, { n: 1 }, refuse)).toMatchObject({ accepted: false, depth: 10 });
  });

  it("twenty producers with flows at once: no depth above capacity, each flow whole or not at all", async () => {
    const producers = upTo(20).map(() => space.use(createProducer({ connection: space.url })));
    const results: FlowResult[] = await Promise.all(
      producers.map((producer) => producer.enqueueFlow(flow(upTo(3).map((n) => child(n))), refuse)),
    );
    const accepted = results.filter((result) => result.accepted).length;
    expect(accepted).toBeGreaterThan(0);
    expect(await depths()).toEqual({ parts: accepted * 3, sums: accepted });
    expect(accepted).toBeLessThanOrEqual(3);
  });

  it("waits until all of it fits; a plain enqueue does not wait behind it", async () => {
    const producer = space.use(createProducer({ connection: space.url }));
    for (const n of upTo(6)) await producer.enqueue(parts, { n });
    const flowed = producer.enqueueFlow(flow(upTo(8).map((n) => child(10 + n))));
    expect(await producer.enqueue(sums, { n: 7 })).toMatchObject({ accepted: true });
    const ran = work();
    expect(await flowed).toMatchObject({ accepted: true, duplicate: false });
    await vi.waitFor(() => expect(ran).toContain("sums:0"), { timeout: 5_000 });
    expect(ran).toHaveLength(16);
  });

  it("its wait ends with a timeout, a signal, and close", async () => {
    const producer = space.use(createProducer({ connection: space.url }));
    for (const n of upTo(10)) await producer.enqueue(parts, { n });
    const one = flow([child(1)]);
    expect(await producer.enqueueFlow(one, { timeout: "50ms" })).toMatchObject({ reason: "timeout", queue: "parts" });
    const abort = new AbortController();
    const aborted = producer.enqueueFlow(one, { signal: abort.signal });
    abort.abort(new Error("enough"));
    await expect(aborted).rejects.toThrow("enough");
    const closed = producer.enqueueFlow(one);
    closed.catch(() => undefined);
    await producer.close();
    await expect(closed).rejects.toMatchObject({ code: "HG_CLOSED" });
    expect((await depths()).sums).toBe(0);
  });

  it("the root's id makes it idempotent", async () => {
    const producer = space.use(createProducer({ connection: space.url }));
    const tree = flow([child(1), child(2)], { id: "once" });
    expect(await producer.enqueueFlow(tree)).toMatchObject({ accepted: true, duplicate: false });
    expect(await producer.enqueueFlow(tree)).toMatchObject({ accepted: true, duplicate: true });
    expect(await depths()).toEqual({ parts: 2, sums: 1 });
  });

  it("a child that is there already counts as it is; one of another parent is refused with a code", async () => {
    const producer = space.use(createProducer({ connection: space.url }));
    await producer.enqueue(parts, { n: 1 }, { id: "shared" });
    expect(await producer.enqueueFlow(flow([child(1, { id: "shared" }), child(2)]))).toMatchObject({ accepted: true });
    expect(await depths()).toEqual({ parts: 2, sums: 1 });
    await expect(producer.enqueueFlow(flow([child(3), child(1, { id: "shared" })]))).rejects.toMatchObject({
      code: "HG_FLOW_CONFLICT",
    });
    expect(await depths()).toEqual({ parts: 2, sums: 1 });
    const ran = work();
    await vi.waitFor(() => expect(ran).toEqual(["parts:1", "parts:2", "sums:0"]));
  });

  it.each([
    { onFailure: "fail-parent" as const, sumsRan: 0, failed: 1 },
    { onFailure: "ignore" as const, sumsRan: 1, failed: 0 },
  ])("a child that fails, $onFailure: its parent never waits for ever", async ({ onFailure, sumsRan, failed }) => {
    parts = defineQueue("parts", { limiter: parts.limiter, payload: part, attempts: 1, capacity: 10 });
    const producer = space.use(createProducer({ connection: space.url }));
    const control = space.use(createControl({ connection: space.url }));
    await producer.enqueueFlow(flow([child(1, { onFailure }), child(2)]));
    const ran = work((n) => n === 1);
    await vi.waitFor(async () => expect(await depths()).toEqual({ parts: 0, sums: 0 }), { timeout: 8_000 });
    expect(ran.filter((name) => name === "sums:0")).toHaveLength(sumsRan);
    expect((await control.status(sums)).counts).toMatchObject({ failed, completed: sumsRan });
    expect((await control.status(parts.limiter)).inFlight).toBe(0);
  });

  it("the parent's processor sees what became of its children", async () => {
    parts = defineQueue("parts", { limiter: parts.limiter, payload: part, attempts: 1, capacity: 10 });
    const producer = space.use(createProducer({ connection: space.url }));
    await producer.enqueueFlow(
      flow([child(1, { id: "a:1" }), child(2, { id: "b" }), child(3, { id: "c", onFailure: "ignore" })]),
    );
    const connection = space.url;
    space.use(
      createWorker(
        parts,
        ({ n }) => {
          if (n === 3) throw new Error("fails as planned");
          return n * 10;
        },
        { connection },
      ),
    );
    const seen: (readonly ChildResult[])[] = [];
    space.use(createWorker(sums, async (_, { children }) => void seen.push(await children()), { connection }));
    await vi.waitFor(() => expect(seen).toHaveLength(1), { timeout: 5_000 });
    expect(seen[0]?.toSorted((a, b) => a.id.localeCompare(b.id))).toEqual([
      { id: "a:1", queue: "parts", result: 10 },
      { id: "b", queue: "parts", result: 20 },
      { id: "c", queue: "parts", failure: "fails as planned" },
    ]);
  });

  it("a deadline of one of its jobs that cannot be made: refused whole, and while it waits too", async () => {
    const producer = space.use(createProducer({ connection: space.url }));
    const late = flow([child(1), child(2, { deadline: new Date(Date.now() - 1_000) })]);
    expect(await producer.enqueueFlow(late)).toMatchObject({ accepted: false, reason: "deadline", queue: "parts" });
    for (const n of upTo(10)) await producer.enqueue(parts, { n });
    const waits = producer.enqueueFlow(flow([child(1, { deadline: "100ms" })]));
    await passed(150);
    work();
    expect(await waits).toMatchObject({ accepted: false, reason: "deadline", queue: "parts" });
    expect((await depths()).sums).toBe(0);
  });

  it("a job whose deadline passes while it waits to run is not run, and fails its parent", async () => {
    parts = defineQueue("parts", { limiter: parts.limiter, payload: part, attempts: 1, capacity: 10 });
    const producer = space.use(createProducer({ connection: space.url }));
    const control = space.use(createControl({ connection: space.url }));
    await producer.enqueueFlow(flow([child(1, { deadline: "400ms" }), child(2, { deadline: "1h" })]));
    await passed(420);
    const ran = work();
    await vi.waitFor(async () => expect(await depths()).toEqual({ parts: 0, sums: 0 }), { timeout: 8_000 });
    expect(ran).toEqual(["parts:2"]);
    expect((await control.status(sums)).counts).toMatchObject({ failed: 1, completed: 0 });
  });

  it("at level slow it is paced as its number of jobs", async () => {
    const queue = defineQueue("steady", { limiter: parts.limiter, payload: part, capacity: 100 });
    const producer = space.use(createProducer({ connection: space.url }));
    for (const n of upTo(55)) await producer.enqueue(queue, { n }, refuse);
    expect((await producer.status(queue)).level).toBe("slow");
    const five = { queue, payload: { n: 0 }, children: upTo(4).map((n) => ({ queue, payload: { n } })) };
    expect(await producer.enqueueFlow(five, refuse)).toMatchObject({ accepted: true });
    // Nothing was ever accepted by the API: one job a second.
    const next = await producer.enqueueFlow(five, refuse);
    expect(next).toMatchObject({ accepted: false, reason: "paced", queue: "steady" });
    expect(next.accepted ? 0 : next.retryAfterMs).toBeGreaterThan(4_000);
  });
});

describe("a flow that can never be admitted", () => {
  const rejects: { what: string; tree: () => FlowNode; code: string }[] = [
    {
      what: "queues of two limiters",
      tree: () => flow([{ queue: defineQueue("other", { limiter: defineLimiter("b") }), payload: {} }]),
      code: "HG_FLOW_CROSSES_LIMITERS",
    },
    { what: "more jobs than a capacity", tree: () => flow(upTo(11).map((n) => child(n))), code: "HG_FLOW_TOO_LARGE" },
    { what: "an invalid payload of a child", tree: () => flow([child("x" as never)]), code: "HG_PAYLOAD_INVALID" },
    { what: "an id twice", tree: () => flow([child(1, { id: "a" }), child(2, { id: "a" })]), code: "HG_ID_INVALID" },
    { what: "a delay of a parent", tree: () => flow([child(1)], { delay: "1s" }), code: "HG_OPTION_INVALID" },
    { what: "no queue", tree: () => ({ payload: {} }) as never, code: "HG_OPTION_INVALID" },
  ];
  it.each(rejects)("$what: $code, and nothing is stored", async ({ tree, code }) => {
    const producer = space.use(createProducer({ connection: space.url }));
    await expect(producer.enqueueFlow(tree())).rejects.toMatchObject({ code });
    expect(await depths()).toEqual({ parts: 0, sums: 0 });
  });

  it("its payloads are checked by the compiler, each against its queue", () => {
    const producer = space.use(createProducer({ connection: space.url }));
    const wrong = (): unknown =>
      producer.enqueueFlow({
        queue: sums,
        payload: { n: 1 },
        // @ts-expect-error a string is no number
        children: [{ queue: parts, payload: { n: "2" } }],
      });
    expect(wrong).toBeTypeOf("function");
  });
});

describe("a flow whose reply is lost", () => {
  it.each(["mine", undefined])("id %s: stored once, and not a duplicate", async (id) => {
    const proxy = space.use(await DropRepliesProxy.start(space.url));
    const producer = space.use(createProducer({ connection: proxy.url }));
    await producer.status(sums);
    proxy.drop("addFlow");
    const result = await producer.enqueueFlow(flow([child(1), child(2)], id === undefined ? {} : { id }));
    expect(result).toMatchObject({ accepted: true, duplicate: false });
    expect(proxy.lost.get("addFlow")).toBe(1);
    expect(proxy.sent.get("addFlow")).toBeGreaterThanOrEqual(2);
    expect(await depths()).toEqual({ parts: 2, sums: 1 });
  });
});

it("emptied Redis: the queues are registered again, and the flow is stored", async () => {
  const producer = space.use(createProducer({ connection: space.url }));
  await producer.enqueueFlow(flow([child(1)]));
  const keys = await space.client.keys(`*${space.namespace}*`);
  await space.client.del(...keys);
  expect(await producer.enqueueFlow(flow([child(1)]))).toMatchObject({ accepted: true });
  expect(await depths()).toEqual({ parts: 1, sums: 1 });
});
