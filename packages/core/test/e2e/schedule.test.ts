import { Queue as BullQueue } from "bullmq";
import { defineLimiter, defineQueue, type Queue } from "headgate";
import { createControl } from "headgate/control";
import { createProducer, type ScheduleOptions } from "headgate/producer";
import { createWorker } from "headgate/worker";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { z } from "zod";
import { DropRepliesProxy } from "../support/drop-replies-proxy.ts";
import { useRedis } from "../support/redis.ts";

const space = useRedis();
const report = z.object({ of: z.string() });
type Report = z.infer<typeof report>;
let queue: Queue<Report, Report>;

beforeEach(() => {
  queue = defineQueue("reports", {
    limiter: defineLimiter("api", { namespace: space.namespace, adaptive: false }),
    payload: report,
    capacity: 10,
    cost: ({ of }) => ({ tokens: of.length }),
  });
});

const NEVER = "0 0 1 1 *";
const key = (name: string): string => `${queue.bullmq.prefix}:reports:${name}`;
/** The ids of iterations that have not come due. */
const pending = async (): Promise<string[]> =>
  (await space.client.zrange(key("delayed"), "0", "-1")).filter((id) => id.startsWith("repeat:"));

interface Working {
  readonly ran: string[];
  /** When iterations that were not run had been due. */
  readonly skipped: number[];
  readonly ready: () => Promise<void>;
}

function work(url = space.url): Working {
  const ran: string[] = [];
  const skipped: number[] = [];
  const worker = space.use(
    createWorker(queue, ({ of }) => void ran.push(of), {
      connection: url,
      lockDuration: "60s",
      stalledInterval: "60s",
    }),
  );
  worker.on("skipped", ({ dueAt }) => skipped.push(dueAt));
  return { ran, skipped, ready: () => worker.ready() };
}

describe("schedule", () => {
  it("every: runs again and again, each iteration at its cost, until unschedule", async () => {
    const producer = space.use(createProducer({ connection: space.url }));
    const { ran } = work();
    const { id, nextAt } = await producer.schedule(queue, "sales", { every: "100ms", priority: 7 }, { of: "sales" });
    expect(id).toBe("sales");
    expect(Math.abs(nextAt - Date.now())).toBeLessThan(2_000);
    await vi.waitFor(() => expect(ran.length).toBeGreaterThanOrEqual(4), { timeout: 5_000 });
    const [next = ""] = await vi.waitFor(async () => {
      const found = await pending();
      expect(found).toHaveLength(1);
      return found;
    });
    expect(await space.client.hmget(key(next), "hg:cost", "priority")).toEqual(['{"requests":1,"tokens":5}', "7"]);
    expect(await producer.unschedule(queue, "sales")).toBe(true);
    expect(await producer.unschedule(queue, "sales")).toBe(false);
    await vi.waitFor(async () => expect((await producer.status(queue)).depth).toBe(0));
    const count = ran.length;
    await producer.enqueue(queue, { of: "the end" }, { delay: "300ms" });
    await vi.waitFor(() => expect(ran).toContain("the end"));
    expect(ran).toHaveLength(count + 1);
  });

  it("cron: the next iteration is when it says, in its time zone", async () => {
    const producer = space.use(createProducer({ connection: space.url }));
    const { nextAt } = await producer.schedule(queue, "yearly", { cron: NEVER, tz: "Asia/Tokyo" }, { of: "it" });
    const next = new Date(nextAt + 9 * 3_600_000);
    expect([next.getUTCMonth(), next.getUTCDate(), next.getUTCHours()]).toEqual([0, 1, 0]);
    expect(nextAt).toBeGreaterThan(Date.now());
    expect((await producer.status(queue)).depth).toBe(1);
  });

  it("the same id again changes it: one schedule, one iteration to come", async () => {
    const producer = space.use(createProducer({ connection: space.url }));
    await producer.schedule(queue, "yearly", { cron: NEVER }, { of: "old" });
    await producer.schedule(queue, "yearly", { cron: NEVER }, { of: "new" });
    const ids = await pending();
    expect(ids).toHaveLength(1);
    expect(await space.client.hget(key(String(ids[0])), "data")).toBe('{"of":"new"}');
    const bull = new BullQueue("reports", { connection: space.client as never, prefix: queue.bullmq.prefix });
    expect(await bull.getJobSchedulersCount()).toBe(1);
    await bull.close();
  });

  const wrong: { what: string; id?: string; when: unknown; payload?: unknown; code: string }[] = [
    { what: "neither every nor cron", when: {}, code: "HG_OPTION_INVALID" },
    { what: "both", when: { every: "1s", cron: NEVER }, code: "HG_OPTION_INVALID" },
    { what: "a zone without cron", when: { every: "1s", tz: "Asia/Tokyo" }, code: "HG_OPTION_INVALID" },
    { what: "too often", when: { every: "1ms" }, code: "HG_OPTION_INVALID" },
    { what: "no cron expression", when: { cron: "now and then" }, code: "HG_OPTION_INVALID" },
    { what: "a day that never comes", when: { cron: "0 0 30 2 *" }, code: "HG_OPTION_INVALID" },
    { what: "a zone that is none", when: { cron: NEVER, tz: "Mars/Olympus" }, code: "HG_OPTION_INVALID" },
    { what: "an option that is none", when: { every: "1s", evry: 1 }, code: "HG_OPTION_INVALID" },
    { what: "an id with a colon", id: "a:b", when: { every: "1s" }, code: "HG_NAME_INVALID" },
    { what: "a payload that does not fit", when: { every: "1s" }, payload: {}, code: "HG_PAYLOAD_INVALID" },
  ];
  it.each(wrong)("$what: $code, and nothing is stored", async ({ id = "x", when, payload = { of: "x" }, code }) => {
    const producer = space.use(createProducer({ connection: space.url }));
    const scheduled = producer.schedule(queue, id, when as ScheduleOptions, payload as Report);
    await expect(scheduled).rejects.toMatchObject({ code });
    expect((await producer.status(queue)).depth).toBe(0);
  });
});

describe("a schedule and a closed queue", () => {
  it("is not refused; what comes due is finished without running and counted; it goes on when the queue opens", {
    timeout: 20_000,
  }, async () => {
    const producer = space.use(createProducer({ connection: space.url }));
    const control = space.use(createControl({ connection: space.url }));
    for (let n = 0; n < 8; n++) await producer.enqueue(queue, { of: "later" }, { delay: "1h", id: `later-${n}` });
    expect(await producer.enqueue(queue, { of: "no" }, { onPressure: "refuse" })).toMatchObject({ accepted: false });
    const { ran, skipped } = work();
    await producer.schedule(queue, "often", { every: "100ms" }, { of: "often" });
    await vi.waitFor(() => expect(skipped.length).toBeGreaterThanOrEqual(4), { timeout: 5_000 });
    expect(ran).toEqual([]);
    expect(await pending(), "the next one is stored").toHaveLength(1);
    for (let n = 0; n < 8; n++) expect(await producer.cancel(queue, `later-${n}`)).toBe(true);
    await vi.waitFor(() => expect(ran.length).toBeGreaterThanOrEqual(3), { timeout: 5_000 });
    const status = await control.status(queue);
    expect(status.skipped).toBe(skipped.length);
    expect(status.counts).toMatchObject({ failed: 0 });
    expect(await pending()).toHaveLength(1);
    const { totals } = await control.status(queue.limiter);
    expect(totals.released, "what never reached the API").toBe(skipped.length);
  });

  it("schedules alone do not close a queue for themselves", { timeout: 20_000 }, async () => {
    queue = defineQueue("reports", { limiter: queue.limiter, payload: report, capacity: 3 });
    const producer = space.use(createProducer({ connection: space.url }));
    const { ran } = work();
    const names = ["a", "b", "c", "d", "e"];
    for (const of of names) await producer.schedule(queue, of, { every: "200ms" }, { of });
    expect(await producer.enqueue(queue, { of: "no" }, { onPressure: "refuse" })).toMatchObject({ reason: "full" });
    ran.length = 0;
    await vi.waitFor(() => expect([...new Set(ran.slice(5))].sort()).toEqual(names), { timeout: 10_000 });
    expect((await producer.status(queue)).level).toBe("closed");
  });

  it("due while an operator had shut the gate: not run when it opens again, and the next one is", async () => {
    const producer = space.use(createProducer({ connection: space.url }));
    const control = space.use(createControl({ connection: space.url }));
    await producer.status(queue);
    await control.pause(queue.limiter, { reason: "look" });
    const { nextAt } = await producer.schedule(queue, "often", { every: "300ms" }, { of: "often" });
    const { ran, skipped, ready } = work();
    await ready();
    await vi.waitFor(() => expect(Date.now()).toBeGreaterThan(nextAt + 100));
    await control.resume(queue.limiter);
    await vi.waitFor(() => expect(ran.length).toBeGreaterThanOrEqual(2), { timeout: 5_000 });
    expect(skipped).toEqual([nextAt]);
    expect((await control.status(queue)).skipped).toBe(1);
  });
});

describe("commands of a schedule whose replies are lost", () => {
  it.each([{ every: "1h" as const }, { cron: NEVER }])("schedule %j: one, with one iteration", async (when) => {
    const proxy = space.use(await DropRepliesProxy.start(space.url));
    const producer = space.use(createProducer({ connection: proxy.url }));
    await producer.status(queue);
    proxy.drop("addJobScheduler");
    const { nextAt } = await producer.schedule(queue, "x", when, { of: "x" });
    expect(proxy.lost.get("addJobScheduler")).toBe(1);
    expect(proxy.sent.get("addJobScheduler")).toBeGreaterThanOrEqual(2);
    expect((await producer.status(queue)).depth).toBe(1);
    expect(await space.client.zrange(key("repeat"), "0", "-1", "WITHSCORES")).toEqual(["x", String(nextAt)]);
  });

  it("a schedule that has begun to run meanwhile is not begun again", async () => {
    const proxy = space.use(await DropRepliesProxy.start(space.url));
    const producer = space.use(createProducer({ connection: proxy.url }));
    await producer.status(queue);
    const { ran } = work();
    proxy.drop("addJobScheduler");
    await producer.schedule(queue, "x", { every: "1h" }, { of: "x" });
    await vi.waitFor(() => expect(ran).toEqual(["x"]));
    await vi.waitFor(async () => expect(await pending()).toHaveLength(1));
    await vi.waitFor(async () => expect((await producer.status(queue)).depth).toBe(1));
    expect(ran).toEqual(["x"]);
  });

  it("unschedule: it is gone, and said to have been there", async () => {
    const proxy = space.use(await DropRepliesProxy.start(space.url));
    const producer = space.use(createProducer({ connection: proxy.url }));
    await producer.schedule(queue, "x", { cron: NEVER }, { of: "x" });
    proxy.drop("removeJobScheduler");
    expect(await producer.unschedule(queue, "x")).toBe(true);
    expect(proxy.lost.get("removeJobScheduler")).toBe(1);
    expect((await producer.status(queue)).depth).toBe(0);
  });

  it("the worker's: every iteration once, and the next one is always stored", { timeout: 20_000 }, async () => {
    const proxy = space.use(await DropRepliesProxy.start(space.url));
    const producer = space.use(createProducer({ connection: space.url }));
    const { ran } = work(proxy.url);
    proxy.drop("updateJobScheduler", 3);
    await producer.schedule(queue, "often", { every: "200ms" }, { of: "often" });
    await vi.waitFor(() => expect(ran.length).toBeGreaterThanOrEqual(6), { timeout: 15_000 });
    expect(proxy.lost.get("updateJobScheduler")).toBe(3);
    await producer.unschedule(queue, "often");
    await vi.waitFor(async () => expect((await producer.status(queue)).depth).toBe(0));
    expect((await producer.status(queue)).counts).toMatchObject({ completed: ran.length, failed: 0 });
  });
});
