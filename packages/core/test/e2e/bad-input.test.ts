import { defineLimiter, defineQueue, type HeadgateError, isHeadgateError } from "headgate";
import { createControl } from "headgate/control";
import { createProducer } from "headgate/producer";
import { createWorker } from "headgate/worker";
import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { startPrivateRedis } from "../../../../scripts/redis.mjs";
import { useRedis } from "../support/redis.ts";

const space = useRedis();

/** Runs what must fail, and returns the coded error; every one says what was expected or came, and what to do. */
async function errorOf(wrong: () => unknown): Promise<HeadgateError> {
  const error = await (async () => wrong())().then(
    (value) => ({ resolved: value }),
    (thrown: unknown) => thrown,
  );
  if (!isHeadgateError(error)) throw new Error("expected a coded error", { cause: error });
  expect(error.fix.length).toBeGreaterThan(10);
  expect(error.expected ?? error.got, "it says what was expected, or what came").toBeTruthy();
  expect(error.message).toContain(error.code);
  expect(error.message).toContain(error.fix);
  return error;
}

/** All keys of this test, and what is in them. */
async function everything(): Promise<Record<string, unknown>> {
  const keys = (await space.client.keys(`*${space.namespace}*`)).sort();
  const dumps = await Promise.all(keys.map((key) => space.client.dumpBuffer(key)));
  return Object.fromEntries(keys.map((key, index) => [key, dumps[index]?.toString("base64")]));
}

describe("definitions", () => {
  it.each([
    { what: "a capacity of 0", define: () => defineQueue("q", { capacity: 0 }), option: "capacity", got: "0" },
    {
      what: "half a job of capacity",
      define: () => defineQueue("q", { capacity: 1.5 }),
      option: "capacity",
      got: "1.5",
    },
    {
      what: "watermarks the wrong way round",
      define: () => defineQueue("q", { watermarks: { high: 0.3, low: 0.8 } }),
      option: "watermarks",
      got: "high: 0.3, low: 0.8",
    },
    {
      what: "throttled shares the wrong way round",
      define: () => defineQueue("q", { throttledHigh: 0.1, throttledLow: 0.2 }),
      option: "throttledLow",
      got: "0.2",
    },
    {
      what: "a duration without a unit",
      define: () => defineQueue("q", { timeout: "5 minutes" as never }),
      option: "timeout",
      got: "5 minutes",
    },
    {
      what: "an option that is misspelt",
      define: () => defineQueue("q", { capcity: 5 } as never),
      option: "defineQueue",
      got: "capcity",
    },
    {
      what: "a concurrency of 0",
      define: () => defineLimiter("l", { concurrency: 0 }),
      option: "concurrency",
      got: "0",
    },
    {
      what: "a limit of nothing",
      define: () => defineLimiter("l", { limits: [{ unit: "requests", amount: 0, per: "1s" }] }),
      option: "limits[0].amount",
      got: "0",
    },
    {
      what: "a burst above the amount",
      define: () => defineLimiter("l", { limits: [{ unit: "requests", amount: 5, per: "1s", burst: 6 }] }),
      option: "limits[0].burst",
      got: "6",
    },
  ])("$what: HG_OPTION_INVALID that names $option and shows $got", async ({ define, option, got }) => {
    const error = await errorOf(define);
    expect(error.code).toBe("HG_OPTION_INVALID");
    expect(error.message).toContain(option);
    expect(error.expected).toBeTruthy();
    expect(error.message).toContain(got);
  });

  it.each(["", "a b", "a:b", "{a}", "x".repeat(65)])("the name %j: HG_NAME_INVALID", async (name) => {
    expect((await errorOf(() => defineQueue(name))).code).toBe("HG_NAME_INVALID");
    expect((await errorOf(() => defineLimiter(name))).code).toBe("HG_NAME_INVALID");
  });

  it("a cost that the limit can never grant: HG_COST_ABOVE_LIMIT", async () => {
    const limiter = defineLimiter("l", { limits: [{ unit: "tokens", amount: 100, per: "1m" }] });
    const error = await errorOf(() => defineQueue("q", { limiter, cost: { tokens: 101 } }));
    expect(error).toMatchObject({ code: "HG_COST_ABOVE_LIMIT", got: "101 tokens" });
    expect(error.expected).toContain("100 tokens");
  });
});

describe("enqueue", () => {
  const defined = () => {
    const limiter = defineLimiter("api", {
      namespace: space.namespace,
      limits: [{ unit: "tokens", amount: 100, per: "1m" }],
    });
    return defineQueue("q", {
      limiter,
      payload: z.object({ words: z.number(), text: z.string().optional() }),
      cost: ({ words }) => ({ tokens: words }),
      maxPayloadBytes: 100,
    });
  };

  it.each([
    {
      what: "a payload that fails its schema",
      payload: { words: "many" },
      options: {},
      code: "HG_PAYLOAD_INVALID",
      names: ".words",
    },
    { what: "no payload", payload: undefined, options: {}, code: "HG_PAYLOAD_INVALID", names: 'queue "q"' },
    {
      what: "a cost above a limit's amount",
      payload: { words: 101 },
      options: {},
      code: "HG_COST_ABOVE_LIMIT",
      names: "101 tokens",
    },
    { what: "a cost below zero", payload: { words: -1 }, options: {}, code: "HG_COST_INVALID", names: "-1" },
    {
      what: "a payload that is too large",
      payload: { words: 1, text: "x".repeat(100) },
      options: {},
      code: "HG_PAYLOAD_TOO_LARGE",
      names: "at most 100 bytes",
    },
    { what: "an empty id", payload: { words: 1 }, options: { id: "" }, code: "HG_ID_INVALID", names: "1 to 256 bytes" },
    {
      what: "a priority of 0",
      payload: { words: 1 },
      options: { priority: 0 },
      code: "HG_OPTION_INVALID",
      names: "priority",
    },
    {
      what: "a timeout in words",
      payload: { words: 1 },
      options: { timeout: "soon" },
      code: "HG_OPTION_INVALID",
      names: "timeout",
    },
  ])("$what: $code, and nothing is half-enqueued", async ({ payload, options, code, names }) => {
    const queue = defined();
    const producer = space.use(createProducer({ connection: space.url }));
    await producer.enqueue(queue, { words: 1 }, { id: "first" });
    const before = await everything();
    const error = await errorOf(() => producer.enqueue(queue, payload as never, options as never));
    expect(error.code).toBe(code);
    expect(error.message).toContain(names);
    expect(error.message, "payloads stay out of messages").not.toContain("many");
    expect(await everything()).toEqual(before);
    expect((await producer.status(queue)).depth).toBe(1);
  });

  it("after close(): HG_CLOSED", async () => {
    const producer = createProducer({ connection: space.url });
    await producer.close();
    expect((await errorOf(() => producer.enqueue(defined(), { words: 1 }))).code).toBe("HG_CLOSED");
    expect(await everything()).toEqual({});
  });
});

/** Each part of the library, its start, and its end. */
const parts = [
  {
    part: "a producer",
    start: async (connection: string) => {
      await using producer = createProducer({ connection });
      return await producer.ready();
    },
  },
  {
    part: "an enqueue",
    start: async (connection: string) => {
      await using producer = createProducer({ connection });
      return await producer.enqueue(
        defineQueue("q", { limiter: defineLimiter("api", { namespace: space.namespace }) }),
        {},
      );
    },
  },
  {
    part: "a worker",
    start: async (connection: string) => {
      const queue = defineQueue("q", { limiter: defineLimiter("api", { namespace: space.namespace }) });
      await using worker = createWorker(queue, () => null, { connection, autorun: false });
      return await worker.ready();
    },
  },
  {
    part: "control",
    start: async (connection: string) => {
      await using control = createControl({ connection });
      return await control.status(defineLimiter("api", { namespace: space.namespace }));
    },
  },
];

describe("an unreachable Redis", () => {
  it("HG_REDIS_UNREACHABLE from every part, in bounded time", { timeout: 15_000 }, async () => {
    const errors = await Promise.all(parts.map(({ start }) => errorOf(() => start("redis://user:secret@127.0.0.1:1"))));
    for (const error of errors) {
      expect(error.code).toBe("HG_REDIS_UNREACHABLE");
      expect(error.got).toContain("127.0.0.1:1");
      expect(error.got).toContain("ECONNREFUSED");
      expect(error.message).not.toContain("secret");
    }
    // The enqueue's says that a retry with this id is safe.
    expect(errors[1]).toMatchObject({ outcome: "not-sent", id: expect.any(String) });
  });
});

describe("a Redis that evicts", () => {
  let evicting: Awaited<ReturnType<typeof startPrivateRedis>>;
  beforeAll(async () => {
    evicting = await startPrivateRedis({ args: ["--maxmemory-policy", "allkeys-lru"] });
  });
  afterAll(() => evicting.stop());

  it.each(parts)("$part: HG_REDIS_EVICTION, and not a key is written", async ({ start }) => {
    const error = await errorOf(() => start(evicting.url));
    expect(error).toMatchObject({ code: "HG_REDIS_EVICTION", got: "allkeys-lru" });
    expect(error.fix).toContain("noeviction");
    const client = new Redis(evicting.url);
    expect(await client.dbsize()).toBe(0);
    client.disconnect();
  });
});

describe("keyPrefix", () => {
  it("in options and in a client: HG_KEY_PREFIX_UNSUPPORTED", async () => {
    const { hostname: host, port } = new URL(space.url);
    const options = { host, port: Number(port), keyPrefix: "app:" };
    const client = new Redis({ ...options, lazyConnect: true });
    for (const connection of [options, client]) {
      expect((await errorOf(() => createProducer({ connection }))).code).toBe("HG_KEY_PREFIX_UNSUPPORTED");
      expect((await errorOf(() => createControl({ connection }))).code).toBe("HG_KEY_PREFIX_UNSUPPORTED");
      const error = await errorOf(() => createWorker(defineQueue("q"), () => null, { connection }));
      expect(error).toMatchObject({ code: "HG_KEY_PREFIX_UNSUPPORTED", got: "app:" });
    }
    client.disconnect();
  });
});
