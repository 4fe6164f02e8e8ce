import fc from "fast-check";
import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { redisUrl } from "../support/redis.ts";
import { luaLib } from "./lib.ts";

interface Told {
  readonly now: number;
  readonly age?: number;
  readonly unit?: string;
  readonly limit: number;
  readonly remaining: number;
  readonly reset: number;
  readonly window?: number;
  readonly calls?: number;
  readonly after?: number;
}

interface Answer {
  /** Calls per second; null: any number. */
  readonly rate: number | null;
  readonly till: number;
  readonly kind: "window" | "bucket" | null;
}

let client: Redis;
let hearAll: (told: readonly Told[]) => Promise<readonly Answer[]>;

beforeAll(() => {
  client = new Redis(redisUrl());
  const run = luaLib(
    client,
    ["counter"],
    `
    local counter, answers = counter_new(), {}
    for index, told in ipairs(input) do
      local rate, till = counter_rate(counter, told)
      counter.told = rate
      answers[index] = { rate == math.huge and -1 or rate == rate and rate or -2, till, counter.kind or "" }
    end
    return answers`,
  );
  hearAll = async (told) => {
    const input = told.map((one, index) => ({
      age: 50,
      unit: "requests",
      window: -1,
      after: 0,
      calls: index,
      at: one.now - (one.age ?? 50),
      ...one,
    }));
    const answers = (await run(input)) as [number, number, Answer["kind"] | ""][];
    return answers.map(([rate, till, kind]) => ({ rate: rate === -1 ? null : rate, till, kind: kind || null }));
  };
});

afterAll(() => client.disconnect());

const START = 1_700_000_000_000;
/** Ten seconds of answers, one each 100 ms. */
const every100ms = (tell: (second: number, calls: number) => Omit<Told, "now" | "calls">, perSecond: number): Told[] =>
  Array.from({ length: 100 }, (_, index) => {
    const calls = Math.floor((index * perSecond) / 10);
    return { now: START + index * 100, calls, ...tell(index / 10, calls) };
  });

const last = async (told: readonly Told[]): Promise<Answer> => (await hearAll(told)).at(-1) as Answer;

describe("a counter that an API tells of", () => {
  it("is a window's when its reset stands still while calls go", async () => {
    const window = every100ms(
      (second, calls) => ({ limit: 1_200, remaining: 1_200 - calls, reset: Math.ceil(12 - second) * 1_000 }),
      50,
    );
    const { kind, rate } = await last(window);
    expect(kind).toBe("window");
    expect(rate).toBeCloseTo((0.995 * 1_200) / 12, 0);
  });

  it("knows how long a window is from two of its ends, where a reset is a whole second of the clock", async () => {
    // Windows of 10 s that end 400 ms after a whole second: each is told to end 600 ms later than it does.
    const epochs = Array.from({ length: 250 }, (_, index): Told => {
      const second = index / 10;
      const within = (second + 3.6) % 10;
      return {
        now: START + index * 100,
        calls: 5 * index,
        limit: 500,
        remaining: Math.ceil(500 - 50 * within),
        reset: (10.6 - within) * 1_000,
      };
    });
    const { kind, rate } = await last(epochs);
    expect(kind).toBe("window");
    expect(rate).toBeGreaterThan(49);
    expect(rate).toBeLessThan(50);
  });

  it("is a bucket's when its reset moves away with every call", async () => {
    const bucket = every100ms(() => ({ limit: 6_000, remaining: 100, reset: 59_000 }), 100);
    const { kind, rate } = await last(bucket);
    expect(kind).toBe("bucket");
    expect(rate).toBeCloseTo(100, -1);
  });

  it("is a bucket's when it fills before its reset is reached", async () => {
    const idle = every100ms(
      (second) => ({ limit: 6_000, remaining: 1_000 + Math.floor(100 * second), reset: (50 - second) * 1_000 }),
      0.2,
    );
    expect((await last(idle)).kind).toBe("bucket");
  });

  it("says until when nothing remains of a window", async () => {
    const spent = every100ms(
      (second, calls) => ({ limit: 1_000, remaining: Math.max(0, 300 - calls), reset: (20 - second) * 1_000 }),
      50,
    );
    const { till } = await last(spent);
    expect(till).toBeCloseTo(START + 20_000, -2);
  });

  it("leaves a window's calls to somebody else who takes them too", async () => {
    // 50/s are ours, 50/s are not: 1,000 of 2,000 are gone after 10 s of 20.
    const shared = every100ms(
      (second, calls) => ({ limit: 2_000, remaining: 2_000 - 2 * calls, reset: Math.ceil(20 - second) * 1_000 }),
      50,
    );
    const { rate } = await last(shared);
    expect(rate).toBeGreaterThan(40);
    expect(rate).toBeLessThan(60);
  });

  it("bounds the calls by what they take of it, where it counts something else", async () => {
    const tokens = every100ms(
      (second, calls) => ({
        unit: "tokens",
        limit: 1_200_000,
        remaining: 60_000 + 20_000 * second - 2_000 * calls,
        reset: (1_140_000 - 20_000 * second + 2_000 * calls) / 20,
      }),
      10,
    );
    const { kind, rate } = await last(tokens);
    expect(kind).toBe("bucket");
    expect(rate).toBeGreaterThan(9);
    expect(rate).toBeLessThan(12);
  });

  it("says nothing where the calls take nothing of it, or it never changes", async () => {
    const untouched = every100ms(
      (second) => ({ unit: "tokens", limit: 90_000, remaining: 50, reset: (60 - second) * 1_000 }),
      50,
    );
    expect((await last(untouched)).rate).toBeNull();
    const still = every100ms(() => ({ limit: 100, remaining: 0, reset: -1 }), 50);
    expect((await last(still)).rate).toBeNull();
  });

  it("of a day says nothing before little of it remains", async () => {
    const day = every100ms(
      (second, calls) => ({ limit: 1_000_000, remaining: 900_000 - calls, reset: (80_000 - second) * 1_000 }),
      50,
    );
    expect((await last(day)).rate).toBeNull();
  });

  it("never gives anything but a rate above 0, whatever a server says", async () => {
    const number = fc.oneof(fc.constant(-1), fc.constant(0), fc.integer({ min: 0, max: 5_000 }), fc.maxSafeNat());
    const told = fc.record({
      gap: fc.integer({ min: 0, max: 20_000 }),
      age: fc.integer({ min: 0, max: 30_000 }),
      unit: fc.constantFrom("requests", "tokens"),
      limit: fc.oneof(
        fc.integer({ min: 1, max: 1_000 }),
        fc.maxSafeNat().map((n) => n + 1),
      ),
      remaining: number,
      reset: number,
      window: number,
      calls: fc.integer({ min: 0, max: 1_000 }),
      after: fc.integer({ min: 0, max: 1_000 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(told, { minLength: 1, maxLength: 30 }), async (list) => {
        let now = START;
        const answers = await hearAll(
          list.map(({ gap, ...one }) => {
            now += gap;
            return { now, ...one };
          }),
        );
        for (const { rate, till } of answers) {
          expect(rate === null || rate > 0).toBe(true);
          expect(Number.isFinite(till)).toBe(true);
        }
      }),
      { numRuns: 500 },
    );
  });
});
