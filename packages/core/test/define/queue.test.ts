import { describe, expect, expectTypeOf, it } from "vitest";
import { z } from "zod";
import { defineLimiter } from "../../src/define/limiter.ts";
import { type Cost, defineQueue, type Queue, type QueueOptions } from "../../src/define/queue.ts";
import { queueDefinition } from "../../src/define/registration.ts";
import { HeadgateError } from "../../src/errors.ts";
import type { Producer } from "../../src/producer/producer.ts";
import { createWorker } from "../../src/worker/worker.ts";

function thrownBy(define: () => unknown): HeadgateError {
  try {
    define();
  } catch (error) {
    if (error instanceof HeadgateError) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}

const api = defineLimiter("api", {
  limits: [
    { unit: "requests", amount: 10, per: "1s" },
    { unit: "tokens", amount: 1_000, per: "1m" },
  ],
});

describe("defineQueue", () => {
  it("has a default for everything", () => {
    const queue = defineQueue("mail");
    expect(queue).toMatchObject({
      kind: "queue",
      name: "mail",
      bullmq: { name: "mail", prefix: "{headgate:mail}" },
      payload: null,
      capacity: 10_000,
      watermarks: { high: 0.8, low: 0.3 },
      maxWaitMs: 30_000,
      throttledHigh: 0.2,
      throttledLow: 0.05,
      uniformCost: { requests: 1 },
      attempts: 3,
      backoff: { type: "exponential", delayMs: 1_000, jitter: 0 },
      timeoutMs: null,
      deferrals: { max: 50, maxAgeMs: 21_600_000 },
      maxPayloadBytes: 1_048_576,
      retention: { completed: { ageMs: 86_400_000, count: 10_000 }, failed: { ageMs: 86_400_000, count: 10_000 } },
      revision: null,
    });
    expect(queue.limiter, "a limiter of its own, without limits, unpaced").toMatchObject({
      name: "mail",
      limits: [],
      pacedFromStart: false,
    });
  });

  it("is frozen", () => {
    const open = (value: unknown): boolean =>
      typeof value === "object" && value !== null && (!Object.isFrozen(value) || Object.values(value).some(open));
    expect(open(defineQueue("mail", { cost: { tokens: 1 }, retention: { failed: { count: 1 } } }))).toBe(false);
  });

  it("lives under its limiter's prefix", () => {
    expect(defineQueue("q", { limiter: defineLimiter("l", { namespace: "n" }) }).bullmq.prefix).toBe("{n:l}");
  });

  it("fills up what is given in part", () => {
    const queue = defineQueue("q", {
      watermarks: { high: 0.9 },
      deferrals: { max: 1 },
      retention: { failed: { count: 5 } },
    });
    expect(queue.watermarks).toEqual({ high: 0.9, low: 0.3 });
    expect(queue.deferrals).toEqual({ max: 1, maxAgeMs: 21_600_000 });
    expect(queue.retention.failed).toEqual({ ageMs: 86_400_000, count: 5 });
  });

  it.each(["", "a b", "a:b", "{a}", "x".repeat(65)])("refuses the name %j", (name) => {
    expect(thrownBy(() => defineQueue(name)).code).toBe("HG_NAME_INVALID");
  });

  it.each<[string, unknown, string]>([
    ["capacity 0", { capacity: 0 }, ".capacity"],
    ["capacity 1.5", { capacity: 1.5 }, ".capacity"],
    ["capacity as text", { capacity: "10" }, ".capacity"],
    ["capacity above 10 million", { capacity: 10_000_001 }, ".capacity"],
    ["low above high", { watermarks: { low: 0.9, high: 0.5 } }, ".watermarks"],
    ["low equal to high", { watermarks: { low: 0.5, high: 0.5 } }, ".watermarks"],
    ["low above the default high", { watermarks: { low: 0.85 } }, ".watermarks"],
    ["a watermark of 0", { watermarks: { low: 0 } }, ".watermarks.low"],
    ["a watermark above 1", { watermarks: { high: 1.1 } }, ".watermarks.high"],
    ["a watermark in percent", { watermarks: { high: 80 } }, ".watermarks.high"],
    ["maxWait without unit", { maxWait: "30" }, ".maxWait"],
    ["throttledLow above throttledHigh", { throttledLow: 0.5 }, ".throttledLow"],
    ["attempts 0", { attempts: 0 }, ".attempts"],
    ["backoff of another type", { backoff: { type: "linear", delay: "1s" } }, ".backoff.type"],
    ["backoff without delay", { backoff: { type: "fixed" } }, ".backoff.delay"],
    ["jitter above 1", { backoff: { type: "fixed", delay: 1, jitter: 2 } }, ".backoff.jitter"],
    ["timeout as text", { timeout: "soon" }, ".timeout"],
    ["deferrals −1", { deferrals: { max: -1 } }, ".deferrals.max"],
    ["deferrals.maxAge without unit", { deferrals: { maxAge: "6" } }, ".deferrals.maxAge"],
    ["maxPayloadBytes 1", { maxPayloadBytes: 1 }, ".maxPayloadBytes"],
    ["retention.count −1", { retention: { completed: { count: -1 } } }, ".retention.completed.count"],
    ["an unknown option", { capacty: 5 }, "defineQueue"],
    ["a limiter by name", { limiter: "api" }, ".limiter"],
    ["a payload that is no schema", { payload: { docId: "string" } }, ".payload"],
    ["a cost of no object", { cost: 5 }, ".cost"],
    ["a cost of null", { cost: null }, ".cost"],
    ["options null", null, "defineQueue"],
    ["options of a list", [], "defineQueue"],
    ["an unknown option below", { watermarks: { hgh: 0.9 } }, ".watermarks"],
    ["something that says it is a limiter", { limiter: { kind: "limiter" } }, ".limiter"],
  ])("refuses %s, and says where, what was expected, what came, and what to do", (_, options, where) => {
    const error = thrownBy(() => defineQueue("q", options as QueueOptions<unknown, unknown>));
    expect(error.code).toBe("HG_OPTION_INVALID");
    expect(error.message).toContain('defineQueue("q")');
    expect(error.message).toContain(where);
    expect(error.expected, "expected").toBeTruthy();
    expect(error.got, "got").toBeTruthy();
    expect(error.fix, "fix").toBeTruthy();
    expect(error.message).toContain(`expected ${error.expected}, got ${error.got}`);
    expect(error.message).toContain(error.fix);
    expect(error.expected).not.toMatch(/expected|received|Too|Invalid|Unrecognized/);
  });

  it("shows a value as code would write it, and an unknown option by its name", () => {
    const refuse = (options: unknown) => thrownBy(() => defineQueue("q", options as QueueOptions<unknown, unknown>));
    expect(refuse({ capacity: "10" })).toMatchObject({ expected: "number", got: '"10"' });
    expect(refuse({ capacty: 10 })).toMatchObject({ got: '"capacty"' });
  });

  it.each([1, 2])("takes a capacity of %d, which has no depth for slow", (capacity) => {
    expect(defineQueue("q", { capacity }).capacity).toBe(capacity);
  });

  it("has a depth for slow with the default marks from a capacity of 3 on", () => {
    for (let capacity = 3; capacity < 2_000; capacity++) defineQueue("q", { capacity });
  });
});

describe("a cost", () => {
  it("implies one request, and is rounded up to whole numbers", () => {
    expect(defineQueue("q", { limiter: api, cost: { tokens: 2.1 } }).uniformCost).toEqual({ requests: 1, tokens: 3 });
    expect(defineQueue("q", { limiter: api, cost: { requests: 2 } }).uniformCost).toEqual({ requests: 2 });
  });

  it("of the payload is known for each job", () => {
    const queue = defineQueue<{ words: number }>("q", { limiter: api, cost: ({ words }) => ({ tokens: words * 2 }) });
    expect(queue.uniformCost).toBeNull();
    expect(queue.costOf({ words: 50 })).toEqual({ requests: 1, tokens: 100 });
  });

  it.each<[string, unknown]>([
    ["a negative number", { tokens: -1 }],
    ["NaN", { tokens: Number.NaN }],
    ["Infinity", { tokens: Number.POSITIVE_INFINITY }],
    ["text", { tokens: "5" }],
    ["nothing", undefined],
    ["null", null],
    ["a promise", Promise.resolve({ tokens: 1 })],
    ["a unit that is no name", { "to kens": 1 }],
    ["a unit that would be lost", JSON.parse('{"__proto__":1}')],
    ["an array", [1]],
    ["17 units", Object.fromEntries(Array.from({ length: 17 }, (_, index) => [`u${index}`, 1]))],
  ])("is not %s", (_, cost) => {
    const queue = defineQueue("q", { limiter: api, cost: () => cost as Cost });
    expect(thrownBy(() => queue.costOf({})).code).toBe("HG_COST_INVALID");
  });

  it.each<[string, (payload: { text: string }) => unknown]>([
    ["as an amount", ({ text }) => ({ tokens: text })],
    ["in a list", ({ text }) => [text]],
    ["as the cost", ({ text }) => text],
    ["as a unit", ({ text }) => ({ [text]: 1 })],
  ])("that holds payload data %s is refused without showing it", (_, cost) => {
    const queue = defineQueue<{ text: string }>("q", { cost: cost as () => Cost });
    const error = thrownBy(() => queue.costOf({ text: "card 4242 4242" }));
    expect(error.code).toBe("HG_COST_INVALID");
    expect(`${error.message} ${error.got}`).not.toContain("4242");
  });

  it("function that throws is a coded error with its cause", () => {
    const cause = new Error("bug");
    const queue = defineQueue("q", {
      cost: () => {
        throw cause;
      },
    });
    expect(thrownBy(() => queue.costOf({}))).toMatchObject({ code: "HG_COST_INVALID", cause });
  });

  it("above what a limit ever grants is refused, at definition and at enqueue", () => {
    const error = thrownBy(() => defineQueue("q", { limiter: api, cost: { tokens: 1_001 } }));
    expect(error).toMatchObject({
      code: "HG_COST_ABOVE_LIMIT",
      got: "1001 tokens",
      expected: expect.stringContaining("1000 tokens"),
    });
    const queue = defineQueue<number>("q", { limiter: api, cost: (tokens) => ({ tokens }) });
    expect(queue.costOf(1_000)["tokens"]).toBe(1_000);
    expect(thrownBy(() => queue.costOf(1_001)).code).toBe("HG_COST_ABOVE_LIMIT");
  });
});

describe("what is registered of a queue", () => {
  it("is what the scripts decide by: the processor's own options change no hash", () => {
    const hash = (options: QueueOptions<unknown, unknown>) => queueDefinition(defineQueue("q", options)).hash;
    expect(hash({ attempts: 9, timeout: "1s" })).toBe(hash({}));
    expect(hash({ capacity: 9 })).not.toBe(hash({}));
    expect(hash({ watermarks: { low: 0.1 } })).not.toBe(hash({}));
    expect(hash({ throttledHigh: 0.3 })).not.toBe(hash({}));
    expect(hash({ maxWait: "1s" })).not.toBe(hash({}));
  });
});

describe("types", () => {
  const schema = z.object({ docId: z.string(), words: z.coerce.number(), tag: z.string().default("none") });
  interface In {
    docId: string;
    words: unknown;
    tag?: string | undefined;
  }
  interface Out {
    docId: string;
    words: number;
    tag: string;
  }

  it("follow from the schema: what goes in, what comes out, what cost sees", () => {
    const queue = defineQueue("q", {
      payload: schema,
      cost: (payload) => {
        expectTypeOf(payload).toEqualTypeOf<Out>();
        return { tokens: payload.words };
      },
    });
    expectTypeOf(queue).toEqualTypeOf<Queue<In, Out>>();
    type Enqueue = Producer["enqueue"];
    const enqueue = (async () => undefined) as unknown as Enqueue;
    void enqueue(queue, { docId: "a", words: "5" });
    // @ts-expect-error docId is missing
    void enqueue(queue, { words: 5 });
    // @ts-expect-error docId is no number
    void enqueue(queue, { docId: 5, words: 5 });
  });

  it("give the processor the schema's output", () => {
    const queue = defineQueue("q", { payload: schema });
    const typed = () =>
      createWorker(
        queue,
        async (payload, ctx) => {
          expectTypeOf(payload).toEqualTypeOf<Out>();
          expectTypeOf(ctx.signal).toEqualTypeOf<AbortSignal>();
          expectTypeOf(ctx.job.attempt).toEqualTypeOf<number>();
          return { ok: true };
        },
        { connection: "redis://127.0.0.1" },
      );
    expectTypeOf(typed).toBeFunction();
  });

  it("without a schema may be named, and else are unknown", () => {
    expectTypeOf(defineQueue("q")).toEqualTypeOf<Queue<unknown, unknown>>();
    expectTypeOf(defineQueue<{ n: number }>("q")).toEqualTypeOf<Queue<{ n: number }, { n: number }>>();
  });
});
