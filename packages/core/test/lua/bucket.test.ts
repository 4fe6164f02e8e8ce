import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { defaultBurst } from "../../src/define/limiter.ts";
import { useRedis } from "../support/redis.ts";
import { luaLib } from "./lib.ts";

const space = useRedis();

interface Grant {
  readonly at: number;
  readonly cost: number;
}

interface Limit {
  readonly id: string;
  readonly unit: string;
  readonly amount: number;
  readonly per: number;
  readonly burst: number;
}

interface History {
  readonly limit: Limit;
  /** Milliseconds until somebody asks, what it costs, and whether a refused one comes back exactly when it was told to. */
  readonly asks: readonly { readonly after: number; readonly cost: number; readonly insist: boolean }[];
}

/** As permit_wait and permit_take do it for one queue whose jobs may cost more than a burst. */
const HISTORY = `
  local limit, now, grants = input.limit, 1000, {}
  limit.slack = slack_of(limit.amount, limit.per, limit.burst)
  limit.refill = (limit.amount - limit.burst + 1 - limit.slack) / limit.per
  local plan = { limits = { limit }, queues = 1, windowed = 1 }
  local hot = { level = {}, filled = now, scarce = 0, asked = 0 }
  local site = { plan = plan, hot = hot, cold = {} }
  -- Redis' clock has whole microseconds.
  local function tick(time) return math.ceil(time * 1000) / 1000 end
  local function wait_for(cost)
    site.now = now
    buckets_fill(plan, hot, now)
    return shared_wait(site, { cost }, 0)
  end
  for _, ask in ipairs(input.asks) do
    now = tick(now + ask.after)
    local wait = wait_for(ask.cost)
    if wait > 0 then hot.asked = now end
    for _ = 1, ask.insist and 3 or 0 do
      if wait > 0 then
        now = tick(now + wait)
        wait = wait_for(ask.cost)
      end
    end
    if wait <= 0 then
      buckets_take(plan, hot, { ask.cost })
      hot.asked = 0
      window_add(site, 1, ask.cost)
      grants[#grants + 1] = { at = string.format("%.17g", now), cost = ask.cost }
    end
  end
  return { grants = grants, none = #grants == 0 }`;

async function granted(history: History): Promise<Grant[]> {
  const reply = (await luaLib(space.client, ["site", "bucket", "window", "fair"], HISTORY)(history)) as {
    grants: { at: string; cost: number }[];
    none: boolean;
  };
  return reply.none ? [] : reply.grants.map(({ at, cost }) => ({ at: Number(at), cost }));
}

const micros = (ms: number): number => Math.round(ms * 1_000);

/** The most that any half-open window [t, t + per) holds; such a window may as well begin at a grant. */
function fullestWindow(grants: readonly Grant[], per: number): number {
  let most = 0;
  let end = 0;
  let sum = 0;
  for (const { at, cost } of grants) {
    while (end < grants.length && micros((grants[end] as Grant).at - at) < micros(per))
      sum += (grants[end++] as Grant).cost;
    most = Math.max(most, sum);
    sum -= cost;
  }
  return most;
}

const limits = fc
  .record({
    amount: fc.integer({ min: 1, max: 60 }),
    per: fc.integer({ min: 10, max: 5_000 }),
    share: fc.double({ min: 0, max: 1, noNaN: true }),
  })
  .map(({ amount, per, share }) => {
    const least = defaultBurst(amount, per);
    return {
      id: "u/1",
      unit: "u",
      amount,
      per,
      burst: Math.min(amount, Math.max(1, Math.round(share < 0.3 ? least : share * amount))),
    };
  });

const asks = (most: number) =>
  fc.array(
    fc.record({
      after: fc.oneof(fc.constant(0), fc.double({ min: 0, max: 40, noNaN: true }), fc.integer({ min: 0, max: 6_000 })),
      cost: fc.integer({ min: 1, max: most }),
      insist: fc.boolean(),
    }),
    { minLength: 1, maxLength: 160 },
  );

describe("a declared limit (I3)", () => {
  it("grants at most its amount in any window, whatever the arrivals, for jobs that cost one", async () => {
    await fc.assert(
      fc.asyncProperty(limits, asks(1), async (limit, history) => {
        expect(fullestWindow(await granted({ limit, asks: history }), limit.per)).toBeLessThanOrEqual(limit.amount);
      }),
      { numRuns: 150 },
    );
  });

  it("holds for jobs of several units, none of them above the burst", async () => {
    await fc.assert(
      fc.asyncProperty(
        limits.chain((limit) => fc.tuple(fc.constant(limit), asks(limit.burst))),
        async ([limit, history]) => {
          expect(fullestWindow(await granted({ limit, asks: history }), limit.per)).toBeLessThanOrEqual(limit.amount);
        },
      ),
      { numRuns: 150 },
    );
  });

  it("holds for jobs that cost more than the burst", async () => {
    await fc.assert(
      fc.asyncProperty(
        limits.chain((limit) => fc.tuple(fc.constant(limit), asks(limit.amount))),
        async ([limit, history]) => {
          expect(fullestWindow(await granted({ limit, asks: history }), limit.per)).toBeLessThanOrEqual(limit.amount);
        },
      ),
      { numRuns: 150 },
    );
  });

  it("is used to the full: asked all the time it grants its amount in every period", async () => {
    for (const [amount, per] of [
      [1, 1_000],
      [2, 1_000],
      [100, 1_000],
      [500, 60_000],
    ] as const) {
      const limit = { id: "u/1", unit: "u", amount, per, burst: defaultBurst(amount, per) };
      const asked = Array.from({ length: amount * 4 }, () => ({ after: 0, cost: 1, insist: true }));
      const grants = await granted({ limit, asks: asked });
      expect(grants).toHaveLength(amount * 4);
      const took = (grants.at(-1) as Grant).at - (grants[0] as Grant).at;
      expect(took / per, `${amount} per ${per} ms`).toBeLessThanOrEqual(4.05);
    }
  });

  it("tells an asker exactly how long to wait: no sooner, no later", async () => {
    const limit = { id: "u/1", unit: "u", amount: 10, per: 1_000, burst: 1 };
    // A burst of one has a slack of 10 ms: 9.9 a second.
    const early = { after: 100.9, cost: 1, insist: false };
    const grants = await granted({
      limit,
      asks: [{ after: 0, cost: 1, insist: false }, early, { after: 0.2, cost: 1, insist: false }],
    });
    expect(grants).toHaveLength(2);
    expect(grants[1]?.at).toBeCloseTo(1_101.1, 2);
  });

  it("waits for a full bucket where a job costs more than the burst, and pays the rest off before the next", async () => {
    const limit = { id: "u/1", unit: "u", amount: 100, per: 1_000, burst: 10 };
    const grants = await granted({
      limit,
      asks: [
        { after: 0, cost: 80, insist: false },
        { after: 0, cost: 1, insist: true },
      ],
    });
    const [big, small] = grants as [Grant, Grant];
    // 70 of debt and 1 to have, at 91 units a second.
    expect(small.at - big.at).toBeCloseTo((71 / 91) * 1_000, 0);
  });
});

describe("settling", () => {
  const SETTLE = `
    local plan = { limits = { { amount = 100, per = 1000, refill = 0.001, burst = 100, slack = 0 } } }
    local hot = { level = {}, filled = 1000, asked = 0 }
    buckets_fill(plan, hot, 1000)
    buckets_take(plan, hot, { input.reserved })
    buckets_settle(plan, hot, { input.reserved }, { input.spent })
    return { level = hot.level[1] }`;

  it.each([
    { reserved: 40, spent: 10, left: 90 },
    { reserved: 40, spent: 70, left: 30 },
    { reserved: 40, spent: 40, left: 60 },
    { reserved: 40, spent: 240, left: -140 },
  ])("$reserved reserved, $spent spent: $left are left", async ({ reserved, spent, left }) => {
    expect(await luaLib(space.client, ["bucket"], SETTLE)({ reserved, spent })).toEqual({ level: left });
  });
});
