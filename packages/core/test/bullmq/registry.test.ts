import { describe, expect, it } from "vitest";
import { createControl } from "../../src/control/control.ts";
import { defineLimiter, type Limiter, type LimiterOptions } from "../../src/define/limiter.ts";
import { defineQueue } from "../../src/define/queue.ts";
import { registerQueue } from "../../src/redis/register.ts";
import { useRedis } from "../support/redis.ts";
import { Driver } from "./drive.ts";

const space = useRedis();

const limiter = (name: string, options: LimiterOptions = {}): Limiter =>
  defineLimiter(name, { namespace: space.namespace, ...options });
const perSecond = (amount: number) => ({ limits: [{ unit: "requests", amount, per: "1s" }] }) as const;
const control = () => space.use(createControl({ connection: space.url }));
/** A process that knows the limiter by this definition starts with a queue of it. */
const start = (of: Limiter) => registerQueue(space.client, defineQueue("q", { limiter: of }));
const amounts = async (of: Limiter) => (await control().status(of)).limits.map(({ amount }) => amount);

describe("which limiter a queue belongs to", () => {
  it("is kept: a start that would move a queue with jobs fails, with both names and the count", async () => {
    const before = defineQueue("q", { limiter: limiter("before") });
    const driver = await Driver.open(space, before);
    await driver.add("a");
    await driver.add("b");
    const error = await registerQueue(space.client, defineQueue("q", { limiter: limiter("after") })).catch(
      (thrown: unknown) => thrown,
    );
    expect(error).toMatchObject({ code: "HG_QUEUE_MOVED" });
    expect((error as Error).message).toContain('"before"');
    expect((error as Error).message).toContain('"after"');
    expect((error as Error).message).toContain("2 jobs");
    expect((await control().status(before.limiter)).queues).toEqual(["q"]);
  });

  it.each(["delayed", "prioritized"] as const)("counts %s jobs too", async (state) => {
    const driver = await Driver.open(space, defineQueue("q", { limiter: limiter("before") }));
    await driver.add("a", state === "delayed" ? { delay: 60_000 } : { priority: 3 });
    await expect(registerQueue(space.client, defineQueue("q", { limiter: limiter("after") }))).rejects.toMatchObject({
      code: "HG_QUEUE_MOVED",
    });
  });

  it("may change while the queue is empty, and the others of the old limiter share without it at once", async () => {
    await registerQueue(space.client, defineQueue("stays", { limiter: limiter("before") }));
    await registerQueue(space.client, defineQueue("q", { limiter: limiter("before") }));
    await registerQueue(space.client, defineQueue("q", { limiter: limiter("after") }));
    expect((await control().status(limiter("before"))).queues).toEqual(["stays"]);
    expect((await control().status(limiter("after"))).queues).toEqual(["q"]);
  });

  it("may change while the queue is empty, though it was the only one", async () => {
    await registerQueue(space.client, defineQueue("q", { limiter: limiter("before") }));
    await registerQueue(space.client, defineQueue("q", { limiter: limiter("after") }));
    expect((await control().status(limiter("after"))).queues).toEqual(["q"]);
    await registerQueue(space.client, defineQueue("other", { limiter: limiter("before") }));
    expect((await control().status(limiter("before"))).queues, "and the old limiter no longer counts it").toEqual([
      "other",
    ]);
  });
});

describe("a limiter", () => {
  it("has at most 64 queues: the 65th is refused, the others go on", async () => {
    const shared = limiter("shared");
    for (let index = 0; index < 64; index++)
      await registerQueue(space.client, defineQueue(`q${index}`, { limiter: shared }));
    await expect(registerQueue(space.client, defineQueue("q64", { limiter: shared }))).rejects.toMatchObject({
      code: "HG_LIMITER_FULL",
    });
    await registerQueue(space.client, defineQueue("q0", { limiter: shared }));
    expect((await control().status(shared)).queues).toHaveLength(64);
  });

  it("refused for the 65th queue leaves no trace of it", async () => {
    const shared = limiter("shared");
    for (let index = 0; index < 64; index++)
      await registerQueue(space.client, defineQueue(`q${index}`, { limiter: shared }));
    await registerQueue(space.client, defineQueue("q64", { limiter: shared })).catch(() => undefined);
    expect(await space.client.hget(`${space.namespace}:@queues`, "q64")).toBeNull();
  });
});

describe("revisions", () => {
  it("a lower one never replaces a higher one, and the disagreement shows", async () => {
    await start(limiter("api", { ...perSecond(20), revision: 2 }));
    await start(limiter("api", { ...perSecond(10), revision: 1 }));
    const status = await control().status(limiter("api"));
    expect(status.limits[0]?.amount).toBe(20);
    expect(status.disagreement).toMatch(/revision 1.*revision 2/);
  });

  it("a higher one replaces a lower one", async () => {
    await start(limiter("api", { ...perSecond(20), revision: 2 }));
    await start(limiter("api", { ...perSecond(30), revision: 3 }));
    expect(await amounts(limiter("api"))).toEqual([30]);
  });

  it("a definition without one never replaces one with", async () => {
    await start(limiter("api", { ...perSecond(20), revision: 2 }));
    await start(limiter("api", perSecond(5)));
    expect(await amounts(limiter("api"))).toEqual([20]);
  });

  it("without any the last start wins", async () => {
    await start(limiter("api", perSecond(20)));
    await start(limiter("api", perSecond(10)));
    const status = await control().status(limiter("api"));
    expect(status.limits[0]?.amount).toBe(10);
    expect(status.disagreement).not.toBeNull();
  });

  it("equal definitions agree", async () => {
    await start(limiter("api", perSecond(20)));
    await start(limiter("api", perSecond(20)));
    expect((await control().status(limiter("api"))).disagreement).toBeNull();
  });

  it("hold for queues as well", async () => {
    const shared = limiter("api");
    const queue = (capacity: number, revision: number) => defineQueue("q", { limiter: shared, capacity, revision });
    await registerQueue(space.client, queue(200, 2));
    await registerQueue(space.client, queue(100, 1));
    const status = await control().status(queue(200, 2));
    expect(status.capacity).toBe(200);
    expect(status.disagreement).toMatch(/revision 1.*revision 2/);
  });
});

describe("an operator's override", () => {
  it("stands above the code's definition, also of a start after it, until it is cleared", async () => {
    const api = limiter("api", perSecond(20));
    await start(api);
    const operator = control();
    await operator.setLimits(api, { limits: [{ unit: "requests", amount: 3, per: "1s" }], concurrency: 7 });
    await start(limiter("api", { ...perSecond(50), revision: 9 }));
    expect(await operator.status(api)).toMatchObject({ limits: [{ amount: 3 }], concurrency: 7, overridden: true });

    await operator.setLimits(api, { limits: null });
    expect((await operator.status(api)).limits).toMatchObject([{ amount: 50 }]);
  });

  it("keeps what a change does not name, and is gone when it is cleared", async () => {
    const api = limiter("api", perSecond(20));
    await start(api);
    const operator = control();
    await operator.setLimits(api, { concurrency: 7 });
    await operator.setLimits(api, { limits: [{ unit: "requests", amount: 3, per: "1s" }] });
    expect(await operator.status(api)).toMatchObject({ limits: [{ amount: 3 }], concurrency: 7, overridden: true });
    await operator.setLimits(api, { concurrency: null });
    expect(await operator.status(api)).toMatchObject({ limits: [{ amount: 3 }], concurrency: null });
    await operator.clearLimits(api);
    expect(await operator.status(api)).toMatchObject({
      limits: [{ amount: 20 }],
      concurrency: null,
      overridden: false,
    });
  });

  it("shows on a limiter that no queue has joined, with all that is left of it", async () => {
    const api = limiter("api", perSecond(20));
    const operator = control();
    await operator.setLimits(api, { concurrency: 4 });
    expect(await operator.status(api)).toMatchObject({
      limits: [{ unit: "requests", amount: 20, burst: 1, remaining: 1 }],
      concurrency: 4,
      adaptive: true,
      overridden: true,
      queues: [],
    });
  });

  it("may come before the first start of any process, and stands above it", async () => {
    const api = limiter("api", perSecond(20));
    const operator = control();
    await operator.setLimits(api, { limits: [{ unit: "requests", amount: 3, per: "1s" }] });
    await start(api);
    expect(await amounts(api)).toEqual([3]);
  });

  it("a queue that is paused before its first start is held from it", async () => {
    const queue = defineQueue("early", { limiter: limiter("api") });
    await control().pause(queue, { reason: "test" });
    const driver = await Driver.open(space, queue);
    expect(await driver.add("held")).toMatchObject({ accepted: false, reason: "paused" });
  });
});
