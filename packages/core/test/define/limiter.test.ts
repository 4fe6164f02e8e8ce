import { providers } from "@headgate/hints";
import { describe, expect, it } from "vitest";
import { defaultBurst, defineLimiter, type LimiterOptions, type LimitOptions } from "../../src/define/limiter.ts";
import { limiterDefinition } from "../../src/define/registration.ts";
import { HeadgateError } from "../../src/errors.ts";

const limit = (change: Partial<LimitOptions> | Record<string, unknown> = {}): LimitOptions => ({
  unit: "requests",
  amount: 10,
  per: "1s",
  ...change,
});
const limits = (change: Record<string, unknown>): LimiterOptions => ({ limits: [limit(change)] });

function thrownBy(define: () => unknown): HeadgateError {
  try {
    define();
  } catch (error) {
    if (error instanceof HeadgateError) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}

describe("defineLimiter", () => {
  it("needs a name only", () => {
    expect(defineLimiter("api")).toEqual({
      kind: "limiter",
      name: "api",
      namespace: "headgate",
      prefix: "{headgate:api}",
      limits: [],
      concurrency: null,
      adaptive: true,
      pacedFromStart: true,
      revision: null,
      provider: null,
    });
  });

  it("takes the API's preset by name, or one of your own, and keeps it out of what is registered", () => {
    expect(defineLimiter("api", { provider: "openai" }).provider).toBe(providers.openai);
    const own = { reset: "ms", terminalCodes: ["out_of_credit"], defaultWaitMs: 500 } as const;
    expect(defineLimiter("api", { provider: own }).provider).toEqual(own);
    const [one, other] = [defineLimiter("api", { provider: "github" }), defineLimiter("api")].map(limiterDefinition);
    expect(one?.hash).toBe(other?.hash);
  });

  it.each([["opneai"], [{ reset: "minutes" }], [7]])("refuses the provider %j", (provider) => {
    const error = thrownBy(() => defineLimiter("api", { provider: provider as never }));
    expect(error.code).toBe("HG_OPTION_INVALID");
    expect(error.message).toContain("a preset of @headgate/hints");
  });

  it("resolves limits to milliseconds and bursts", () => {
    const { limits: resolved } = defineLimiter("api", {
      limits: [
        { unit: "requests", amount: 500, per: "1m" },
        { unit: "tokens", amount: 90_000, per: "1m", burst: 2_000 },
      ],
    });
    expect(resolved).toEqual([
      { unit: "requests", amount: 500, perMs: 60_000, burst: 1 },
      { unit: "tokens", amount: 90_000, perMs: 60_000, burst: 2_000 },
    ]);
  });

  it.each([
    [1, 1_000, 1],
    [100, 1_000, 2],
    [1_000, 1_000, 20],
    [90_000, 60_000, 30],
    [5, 10, 5],
  ])("bursts by default what 20 ms grant: %d per %d ms → %d", (amount, perMs, burst) => {
    expect(defaultBurst(amount, perMs)).toBe(burst);
  });

  it("is frozen, its limits too", () => {
    const limiter = defineLimiter("api", limits({}));
    expect(Object.isFrozen(limiter)).toBe(true);
    expect(Object.isFrozen(limiter.limits)).toBe(true);
    expect(limiter.limits.every(Object.isFrozen)).toBe(true);
  });

  it.each(["a", "A.b_c-9", "x".repeat(64)])("takes the name %s", (name) => {
    expect(defineLimiter(name).prefix).toBe(`{headgate:${name}}`);
  });

  it.each(["", "a b", "a:b", "{a}", "ä", "x".repeat(65), "a\n", "a/b", null, 5])("refuses the name %j", (name) => {
    const error = thrownBy(() => defineLimiter(name as string));
    expect(error.code).toBe("HG_NAME_INVALID");
    expect(error).toMatchObject({ expected: expect.stringContaining("64"), fix: expect.stringContaining("64") });
  });

  it.each<[string, unknown, string]>([
    ["limits of no array", { limits: {} }, ".limits"],
    ["amount 0", limits({ amount: 0 }), ".amount"],
    ["amount −1", limits({ amount: -1 }), ".amount"],
    ["amount 1.5", limits({ amount: 1.5 }), ".amount"],
    ["amount as text", limits({ amount: "10" }), ".amount"],
    ["amount NaN", limits({ amount: Number.NaN }), ".amount"],
    ["amount beyond whole numbers", limits({ amount: 2 ** 53 }), ".amount"],
    ["no amount", { limits: [{ unit: "requests", per: "1s" }] }, ".amount"],
    ["per without unit", limits({ per: "1" }), ".per"],
    ["per 0", limits({ per: 0 }), ".per"],
    ["per −1", limits({ per: -1 }), ".per"],
    ["no per", { limits: [{ unit: "requests", amount: 1 }] }, ".per"],
    ["burst above amount", limits({ burst: 11 }), ".burst"],
    ["burst 0", limits({ burst: 0 }), ".burst"],
    ["unit with a space", limits({ unit: "a b" }), ".unit"],
    ["unknown field of a limit", limits({ bursts: 3 }), ".limits"],
    ["one unit and period twice", { limits: [limit(), limit({ amount: 20, per: 1_000 })] }, ".limits"],
    ["17 limits", { limits: Array.from({ length: 17 }, (_, index) => limit({ per: index + 1 })) }, ".limits"],
    ["concurrency 0", { concurrency: 0 }, ".concurrency"],
    ["concurrency 1.5", { concurrency: 1.5 }, ".concurrency"],
    ["adaptive as text", { adaptive: "yes" }, ".adaptive"],
    ["revision −1", { revision: -1 }, ".revision"],
    ["namespace with a colon", { namespace: "a:b" }, ".namespace"],
    ["unknown option", { limit: [] }, "defineLimiter"],
    ["options null", null, "defineLimiter"],
  ])("refuses %s, and says where, what was expected, what came, and what to do", (_, options, where) => {
    const error = thrownBy(() => defineLimiter("api", options as LimiterOptions));
    expect(error.code).toBe("HG_OPTION_INVALID");
    expect(error.message).toContain('defineLimiter("api")');
    expect(error.message).toContain(where);
    expect(error.expected, "expected").toBeTruthy();
    expect(error.got, "got").toBeTruthy();
    expect(error.fix, "fix").toBeTruthy();
    expect(error.message).toContain(`expected ${error.expected}`);
    expect(error.message).not.toContain("expected expected");
  });

  it("allows the same unit over two periods", () => {
    expect(defineLimiter("api", { limits: [limit(), limit({ amount: 100, per: "1m" })] }).limits).toHaveLength(2);
  });
});

describe("what is registered of a limiter", () => {
  it("has the same hash wherever the definition is equal, and another where it is not", () => {
    const hash = (options: LimiterOptions) => limiterDefinition(defineLimiter("api", options)).hash;
    expect(hash({ limits: [limit({ per: "1s" })] })).toBe(hash({ limits: [limit({ per: 1_000 })], adaptive: true }));
    expect(hash({ limits: [limit({ amount: 11 })] })).not.toBe(hash({ limits: [limit()] }));
    expect(hash({ concurrency: 1 })).not.toBe(hash({}));
    expect(hash({ adaptive: false })).not.toBe(hash({}));
  });
});
