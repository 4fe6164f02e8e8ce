import { once } from "node:events";
import { Readable } from "node:stream";
import { finished, pipeline } from "node:stream/promises";
import { ReadableStream } from "node:stream/web";
import { setTimeout } from "node:timers/promises";
import { defineQueue, type Queue } from "headgate";
import { createProducer, type EnqueueResult } from "headgate/producer";
import { createWorker } from "headgate/worker";
import { describe, expect, it, vi } from "vitest";
import { z } from "zod";
import { define } from "../support/programs/protocol.ts";
import { useRedis } from "../support/redis.ts";

const space = useRedis();

/** Numbers in, through a queue that is far shorter than the source. */
function numbers(capacity: number): Queue<number, number> {
  const { limiter } = define({
    namespace: space.namespace,
    limiter: "api",
    limiterOptions: { adaptive: false },
    queue: "q",
  });
  return defineQueue("q", { limiter, capacity, payload: z.number(), watermarks: { high: 1, low: 0.5 } });
}

function work(queue: Queue<number, number>): { readonly ran: number[] } {
  const ran: number[] = [];
  space.use(createWorker(queue, (value) => void ran.push(value), { connection: space.url, concurrency: 1 }));
  return { ran };
}

const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

async function collect<T>(source: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const one of source) all.push(one);
  return all;
}

/** Settles as the promise does, or fails when that takes too long. */
async function soon<T>(what: string, promise: Promise<T>, ms = 3_000): Promise<T> {
  const abort = new AbortController();
  const late = setTimeout(ms, undefined, { signal: abort.signal }).then((): never => {
    throw new Error(`${what}: nothing within ${ms} ms`);
  });
  late.catch(() => undefined);
  try {
    return await Promise.race([promise, late]);
  } finally {
    abort.abort();
  }
}

describe("enqueueMany", () => {
  it("an async source through a full queue: every answer in order, every job in order", {
    timeout: 20_000,
  }, async () => {
    const queue = numbers(10);
    const producer = space.use(createProducer({ connection: space.url }));
    const { ran } = work(queue);
    let most = 0;
    let read = 0;
    let answered = 0;
    async function* source(): AsyncGenerator<number> {
      for (const value of upTo(300)) {
        read++;
        most = Math.max(most, read - answered);
        yield value;
      }
    }
    for await (const result of producer.enqueueMany(queue, source())) {
      expect(result).toMatchObject({ accepted: true, duplicate: false });
      answered++;
    }
    await vi.waitFor(() => expect(ran).toHaveLength(300), { timeout: 10_000 });
    expect(ran).toEqual(upTo(300));
    expect(most, "the source is read as answers come in").toBeLessThanOrEqual(65);
  });

  it("answers what has come so far, also while the source has nothing more to give yet", async () => {
    const queue = numbers(100);
    const producer = space.use(createProducer({ connection: space.url }));
    const answered: EnqueueResult[] = [];
    let next = (): void => undefined;
    async function* source(): AsyncGenerator<number> {
      for (const value of upTo(5)) {
        yield value;
        // The next one comes when this one has been answered, as behind a request and its reply.
        while (answered.length <= value)
          await new Promise<void>((resolve) => {
            next = resolve;
          });
      }
    }
    const all = (async () => {
      for await (const result of producer.enqueueMany(queue, source())) {
        answered.push(result);
        next();
      }
    })();
    await soon("an answer", all);
    expect(answered).toHaveLength(5);
  });

  it("a consumer that has enough is not held by those who wait, and they are not enqueued behind its back", async () => {
    const queue = numbers(3);
    const producer = space.use(createProducer({ connection: space.url }));
    let closed = false;
    function* source(): Generator<number> {
      try {
        for (let value = 0; ; value++) yield value;
      } finally {
        closed = true;
      }
    }
    const some = async (): Promise<void> => {
      let count = 0;
      for await (const result of producer.enqueueMany(queue, source())) {
        expect(result.accepted).toBe(true);
        if (++count === 3) break;
      }
    };
    await soon("the end of the loop", some());
    expect(closed, "the source is told").toBe(true);
    expect((await producer.status(queue)).depth).toBe(3);
    const { ran } = work(queue);
    await vi.waitFor(async () =>
      expect((await producer.status(queue)).counts).toMatchObject({ completed: 3, wait: 0 }),
    );
    expect(await soon("the next one", producer.enqueue(queue, 9))).toMatchObject({ accepted: true });
    await vi.waitFor(() => expect(ran).toEqual([0, 1, 2, 9]));
  });

  it("a source that throws, while others wait: its error comes out", async () => {
    const queue = numbers(3);
    const producer = space.use(createProducer({ connection: space.url }));
    function* source(): Generator<number> {
      yield* upTo(6);
      throw new Error("the source is dry");
    }
    await expect(soon("an end", collect(producer.enqueueMany(queue, source())))).rejects.toThrow("the source is dry");
  });

  it("a payload that is invalid: thrown where its turn comes, what was before it is stored", async () => {
    const queue = numbers(100);
    const producer = space.use(createProducer({ connection: space.url }));
    const answers: EnqueueResult[] = [];
    const all = (async () => {
      for await (const result of producer.enqueueMany(queue, [1, 2, "three" as unknown as number]))
        answers.push(result);
    })();
    await expect(soon("an end", all)).rejects.toMatchObject({ code: "HG_PAYLOAD_INVALID" });
    expect(answers).toHaveLength(2);
    expect((await producer.status(queue)).depth).toBe(2);
  });

  it("onPressure refuse: one value for each, in order", async () => {
    const queue = numbers(3);
    const producer = space.use(createProducer({ connection: space.url }));
    const answers = await collect(producer.enqueueMany(queue, upTo(5), { onPressure: "refuse" }));
    expect(answers.map(({ accepted }) => accepted)).toEqual([true, true, true, false, false]);
  });
});

describe("writable", () => {
  it("pipeline: the source is held while the queue is full, and every chunk becomes a job, in order", {
    timeout: 20_000,
  }, async () => {
    const queue = numbers(10);
    const producer = space.use(createProducer({ connection: space.url }));
    let read = 0;
    function* source(): Generator<number> {
      for (const value of upTo(400)) {
        read++;
        yield value;
      }
    }
    const piped = pipeline(Readable.from(source(), { highWaterMark: 1 }), producer.writable(queue));
    // Between 7.5 and 10 the level is slow: nothing is finished yet, so one a second is admitted.
    await vi.waitFor(async () => expect((await producer.status(queue)).depth).toBe(10), { timeout: 10_000 });
    const held = read;
    expect(held, "it is not read ahead of the queue by more than the stream's own buffer").toBeLessThan(100);
    const { ran } = work(queue);
    await piped;
    await vi.waitFor(() => expect(ran).toHaveLength(400), { timeout: 10_000 });
    expect(ran).toEqual(upTo(400));
  });

  it("an aborted pipeline ends at once, while its chunk waits for room; nothing is left in line", async () => {
    const queue = numbers(2);
    const producer = space.use(createProducer({ connection: space.url }));
    const abort = new AbortController();
    const piped = pipeline(Readable.from(upTo(10)), producer.writable(queue), { signal: abort.signal });
    piped.catch(() => undefined);
    await vi.waitFor(async () => expect((await producer.status(queue)).depth).toBe(2));
    abort.abort();
    await expect(soon("an end", piped)).rejects.toMatchObject({ name: "AbortError" });
    const { ran } = work(queue);
    await vi.waitFor(() => expect(ran).toEqual([0, 1]));
    expect(await soon("the next one", producer.enqueue(queue, 9))).toMatchObject({ accepted: true });
    await vi.waitFor(() => expect(ran).toEqual([0, 1, 9]));
  });

  it("a wait that times out is the stream's error, with its code and reason", async () => {
    const queue = numbers(2);
    const producer = space.use(createProducer({ connection: space.url }));
    const piped = pipeline(Readable.from(upTo(5)), producer.writable(queue, { timeout: "100ms" }));
    await expect(soon("an end", piped)).rejects.toMatchObject({
      code: "HG_REFUSED",
      got: "timeout",
      details: { accepted: false, reason: "timeout", depth: 2 },
    });
  });

  it("asks together for what has gathered, and says of each write when its job is stored", async () => {
    const queue = numbers(1_000);
    const producer = space.use(createProducer({ connection: space.url }));
    await producer.status(queue);
    const stream = producer.writable(queue);
    const stored: number[] = [];
    for (const value of upTo(50)) stream.write(value, () => stored.push(value));
    expect(stream.writableNeedDrain, "64 fit").toBe(false);
    stream.end();
    await soon("an end", finished(stream));
    expect(stored).toEqual(upTo(50));
    expect((await producer.status(queue)).depth).toBe(50);
  });

  it("a chunk that is invalid among many: what is before it is stored, what is behind it is not", async () => {
    const queue = numbers(6);
    const producer = space.use(createProducer({ connection: space.url }));
    await producer.status(queue);
    const stream = producer.writable(queue);
    const errors: (Error | null | undefined)[] = [];
    // The first goes alone, the others together behind it.
    for (const value of [0, 1, 2, "three", 4, 5, 6, 7, 8, 9]) stream.write(value, (error) => errors.push(error));
    await expect(soon("an end", finished(stream))).rejects.toMatchObject({ code: "HG_PAYLOAD_INVALID" });
    expect(errors[0]).toBeFalsy();
    expect(errors.slice(1).every(Boolean), "those of one batch fail together").toBe(true);
    expect(stream.destroyed).toBe(true);
    const { depth } = await producer.status(queue);
    expect(depth).toBeGreaterThanOrEqual(3);
    expect(depth, "what waited for room has left").toBeLessThanOrEqual(6);
  });

  it("destroy ends what waits for room; after close nothing is stored any more", async () => {
    const queue = numbers(2);
    const producer = space.use(createProducer({ connection: space.url }));
    const stream = producer.writable(queue);
    const failed = new Promise((resolve) => stream.once("error", resolve));
    for (const value of upTo(10)) stream.write(value, () => undefined);
    await vi.waitFor(async () => expect((await producer.status(queue)).depth).toBe(2));
    stream.destroy(new Error("enough"));
    await soon(
      "close",
      once(stream, "close").catch(() => undefined),
    );
    await expect(failed).resolves.toMatchObject({ message: "enough" });
    const { ran } = work(queue);
    await vi.waitFor(() => expect(ran).toEqual([0, 1]));
    expect(await soon("the next one", producer.enqueue(queue, 9))).toMatchObject({ accepted: true });
    await vi.waitFor(() => expect(ran).toEqual([0, 1, 9]));
  });
});

describe("writableStream", () => {
  it("pipeTo: every chunk becomes a job, in order, and close comes when all are stored", {
    timeout: 20_000,
  }, async () => {
    const queue = numbers(10);
    const producer = space.use(createProducer({ connection: space.url }));
    const { ran } = work(queue);
    await ReadableStream.from(upTo(300)).pipeTo(producer.writableStream(queue));
    const { counts, depth } = await producer.status(queue);
    expect(depth + (counts.completed ?? 0)).toBe(300);
    await vi.waitFor(() => expect(ran).toEqual(upTo(300)), { timeout: 10_000 });
  });

  it("a source that is read no further than the queue has room, plus what is on the way", async () => {
    const queue = numbers(10);
    const producer = space.use(createProducer({ connection: space.url }));
    let read = 0;
    function* source(): Generator<number> {
      for (; ; read++) yield read;
    }
    const abort = new AbortController();
    const piped = ReadableStream.from(source()).pipeTo(producer.writableStream(queue, { signal: abort.signal }));
    piped.catch(() => undefined);
    await vi.waitFor(async () => expect((await producer.status(queue)).depth).toBe(10), { timeout: 10_000 });
    await vi.waitFor(() => expect(read).toBeGreaterThan(100));
    expect(read).toBeLessThan(200);
    abort.abort();
    await expect(soon("an end", piped)).rejects.toMatchObject({ name: "AbortError" });
    expect((await producer.status(queue)).depth).toBe(10);
  });

  it("abort() ends what waits for room, at once", async () => {
    const queue = numbers(2);
    const producer = space.use(createProducer({ connection: space.url }));
    const writer = producer.writableStream(queue).getWriter();
    writer.closed.catch(() => undefined);
    for (const value of upTo(100)) writer.write(value).catch(() => undefined);
    await vi.waitFor(async () => expect((await producer.status(queue)).depth).toBe(2));
    // `Writable.toWeb` holds this until there is room.
    await soon("an end", writer.abort(new Error("enough")));
    await expect(writer.closed).rejects.toThrow("enough");
    const { ran } = work(queue);
    await vi.waitFor(() => expect(ran).toEqual([0, 1]));
    expect(await soon("the next one", producer.enqueue(queue, 9))).toMatchObject({ accepted: true });
    await vi.waitFor(() => expect(ran).toEqual([0, 1, 9]));
  });

  it("a refusal errors it, with its code and details; writes behind it are not stored", async () => {
    const queue = numbers(2);
    const producer = space.use(createProducer({ connection: space.url }));
    const writer = producer.writableStream(queue, { timeout: "100ms" }).getWriter();
    writer.closed.catch(() => undefined);
    const writes = upTo(5).map((value) => writer.write(value));
    for (const write of writes) write.catch(() => undefined);
    await expect(soon("an end", writer.close())).rejects.toMatchObject({
      code: "HG_REFUSED",
      details: { reason: "timeout", depth: 2 },
    });
    expect((await producer.status(queue)).depth).toBe(2);
  });

  it("the caller's signal errors it with its reason", async () => {
    const queue = numbers(2);
    const producer = space.use(createProducer({ connection: space.url }));
    const abort = new AbortController();
    const writer = producer.writableStream(queue, { signal: abort.signal }).getWriter();
    writer.closed.catch(() => undefined);
    for (const value of upTo(4)) writer.write(value).catch(() => undefined);
    await vi.waitFor(async () => expect((await producer.status(queue)).depth).toBe(2));
    abort.abort(new Error("enough"));
    await expect(soon("an end", writer.closed)).rejects.toThrow("enough");
  });
});

describe("a caller's signal that outlives its calls", () => {
  it("has one listener, however many jobs wait, and none of them is kept", { timeout: 20_000 }, async () => {
    const queue = numbers(2);
    const producer = space.use(createProducer({ connection: space.url }));
    const warnings: Error[] = [];
    const onWarning = (warning: Error): void => void warnings.push(warning);
    process.on("warning", onWarning);
    try {
      const { signal } = new AbortController();
      const added = vi.spyOn(signal, "addEventListener");
      for (let calls = 0; calls < 3; calls++) {
        const all = await collect(producer.enqueueMany(queue, upTo(70), { signal, timeout: "50ms" }));
        expect(all).toHaveLength(70);
      }
      await Promise.all(upTo(30).map((value) => producer.enqueue(queue, value, { signal, timeout: "50ms" })));
      expect(added).toHaveBeenCalledTimes(1);
      await setTimeout(1);
      expect(warnings).toEqual([]);
    } finally {
      process.off("warning", onWarning);
    }
  });

  it("aborts all that wait, with its reason", async () => {
    const queue = numbers(2);
    const producer = space.use(createProducer({ connection: space.url }));
    const abort = new AbortController();
    const all = collect(producer.enqueueMany(queue, upTo(20), { signal: abort.signal }));
    all.catch(() => undefined);
    await vi.waitFor(async () => expect((await producer.status(queue)).depth).toBe(2));
    abort.abort(new Error("enough"));
    await expect(soon("an end", all)).rejects.toThrow("enough");
  });
});

describe("ids of many", () => {
  it("a source that is read twice enqueues nothing twice", async () => {
    const queue = numbers(100);
    const producer = space.use(createProducer({ connection: space.url }));
    const id = (value: number): string => `line-${value}`;
    const first = await collect(producer.enqueueMany(queue, upTo(5), { id }));
    expect(first).toMatchObject(upTo(5).map((value) => ({ accepted: true, duplicate: false, id: `line-${value}` })));
    const second = await collect(producer.enqueueMany(queue, upTo(7), { id }));
    expect(second.map((result) => result.accepted && result.duplicate)).toEqual([...Array(5).fill(true), false, false]);
    expect((await producer.status(queue)).depth).toBe(7);
  });

  it("one id for many is refused", () => {
    const producer = space.use(createProducer({ connection: space.url }));
    expect(() => producer.enqueueMany(numbers(5), [1], { id: "same" as never })).toThrow(/enqueue\.id/);
  });
});
