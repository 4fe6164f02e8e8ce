import { defineLimiter, defineQueue, type Queue } from "headgate";
import { createControl } from "headgate/control";
import { createProducer } from "headgate/producer";
import { createWorker } from "headgate/worker";
import { describe, expect, it, vi } from "vitest";
import { baseOf } from "../support/depth.ts";
import { useRedis } from "../support/redis.ts";

const space = useRedis();

const on = (limiter: string, queue = "q"): Queue<number, number> =>
  defineQueue<number, number>(queue, {
    limiter: defineLimiter(limiter, { namespace: space.namespace, adaptive: false }),
  });

const control = () => space.use(createControl({ connection: space.url }));

async function fill(queue: Queue<number, number>, jobs: number): Promise<void> {
  const producer = space.use(createProducer({ connection: space.url }));
  for (let index = 0; index < jobs; index++) {
    const options = index % 3 === 1 ? { priority: 5 } : index % 3 === 2 ? { delay: "300ms" as const } : {};
    await producer.enqueue(queue, index, { id: `job-${index}`, ...options });
  }
}

/** Runs the queue to its end; answers what ran, in order of payload. */
async function drained(queue: Queue<number, number>, jobs: number): Promise<readonly number[]> {
  const ran: number[] = [];
  const worker = space.use(createWorker(queue, (payload) => void ran.push(payload), { connection: space.url }));
  await worker.ready();
  await vi.waitFor(() => expect(ran).toHaveLength(jobs), { timeout: 10_000 });
  return ran.sort((a, b) => a - b);
}

describe("a queue moves to another limiter", () => {
  it("with its waiting, prioritized and delayed jobs, which all run there once; nothing stays behind", async () => {
    const [old, moved] = [on("old"), on("new")];
    await fill(old, 30);
    await fill(on("old", "stays"), 3);
    const worker = createWorker(moved, () => null, { connection: space.url, autorun: false });
    await expect(worker.run()).rejects.toMatchObject({ code: "HG_QUEUE_MOVED" });
    await worker.close();

    expect(await control().move(moved)).toMatchObject({ queue: "q", from: "old", to: "new", jobs: 30 });
    expect(await space.client.keys(`${baseOf(old)}*`)).toEqual([]);
    expect((await control().status(old.limiter)).queues).toEqual(["stays"]);
    expect((await control().status(moved)).counts).toMatchObject({ wait: 10, prioritized: 10, delayed: 10 });
    expect(await drained(moved, 30)).toEqual(Array.from({ length: 30 }, (_, index) => index));
    expect(await drained(on("old", "stays"), 3)).toEqual([0, 1, 2]);
  });

  it("is there already the second time", async () => {
    await fill(on("old"), 2);
    await control().move(on("new"));
    expect(await control().move(on("new"))).toMatchObject({ from: "new", to: "new", keys: 0, jobs: 2 });
  });

  it("goes on where it was cut off", async () => {
    const [old, moved] = [on("old"), on("new")];
    await fill(old, 9);
    await space.client.hset(`${space.namespace}:@moving`, "q", "new", "q:paused", "0");
    await space.client.hset(`${baseOf(old)}meta`, "paused", "1");
    for (const id of ["~job-0", "~job-4"]) await space.client.rename(baseOf(old) + id, baseOf(moved) + id);
    await space.client.rename(`${baseOf(old)}wait`, `${baseOf(moved)}wait`);
    await control().move(moved);
    expect(await drained(moved, 9)).toHaveLength(9);
    expect(await space.client.exists(`${space.namespace}:@moving`)).toBe(0);
  });

  it("stays paused when an operator had paused it", async () => {
    await fill(on("old"), 2);
    await control().pause(on("old"), { reason: "look" });
    await control().move(on("new"));
    expect((await control().status(on("new"))).paused).toBe(true);
  });

  it("not while its jobs run, and it goes on as it was", async () => {
    const old = on("old");
    await fill(old, 2);
    let end = (): void => undefined;
    const over = new Promise<void>((resolve) => {
      end = resolve;
    });
    const ran: number[] = [];
    const run = async (payload: number): Promise<void> => {
      ran.push(payload);
      await over;
    };
    const worker = space.use(createWorker(old, run, { connection: space.url, concurrency: 1 }));
    await vi.waitFor(() => expect(worker.running).toBe(1), { interval: 5 });
    await expect(control().move(on("new"))).rejects.toMatchObject({ code: "HG_MOVE_BLOCKED" });
    end();
    await vi.waitFor(() => expect(ran).toHaveLength(2), { timeout: 10_000 });
    expect(await control().status(old)).toMatchObject({ paused: false, level: "open" });
  });

  it("not while a job of it has a parent", async () => {
    const old = on("old");
    await fill(old, 1);
    await space.client.hset(`${baseOf(old)}~job-0`, "parentKey", "{somewhere}:q:1");
    await expect(control().move(on("new"))).rejects.toMatchObject({ code: "HG_MOVE_BLOCKED" });
  });

  it("that nobody registered is unknown", async () => {
    await expect(control().move(on("new"))).rejects.toMatchObject({ code: "HG_NOT_REGISTERED" });
  });
});
