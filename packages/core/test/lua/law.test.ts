import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { useRedis } from "../support/redis.ts";
import { luaLib } from "./lib.ts";

const space = useRedis();

type Step =
  | { readonly kind: "ask"; readonly after: number }
  /** The outstanding permit at this share of the list ends as throttled. */
  | { readonly kind: "throttled"; readonly after: number; readonly which: number }
  | { readonly kind: "ok"; readonly after: number; readonly which: number };

interface Config {
  readonly adaptive: 0 | 1;
  readonly paced: 0 | 1;
  readonly cap?: number;
}

interface Seen {
  readonly phase: number;
  /** Permits per second; -1: unpaced. */
  readonly rate: number;
  readonly base: number;
  readonly at: number;
  readonly wait?: number;
  readonly granted?: number;
  readonly till?: number;
  readonly event?: boolean;
}

const HISTORY = `
  local hot = { phase = 0, granted = 0, ok = 0 }
  local plan = { adaptive = input.config.adaptive, paced = input.config.paced, cap = input.config.cap or 0 }
  local site = { hot = hot, plan = plan, cold = {}, now = 100000 }
  local out, out_there, stop = {}, {}, 0
  local function look()
    local rate = law_rate(hot, plan)
    return { phase = hot.phase, rate = rate == math.huge and -1 or rate, base = hot.base, at = hot.at }
  end
  law_begin(site)
  local law = site.cold.law
  for _, step in ipairs(input.steps) do
    site.now = site.now + step.after
    local now, seen = site.now, nil
    if step.kind == "ask" then
      if now >= stop then
        if hot.phase == FLUSH then law_flushed(hot, law, now) end
        local wait = law_wait(hot, #out_there, now)
        if wait == 0 then
          local rate = law_grant(hot, plan, now)
          out_there[#out_there + 1] = { granted = hot.granted, at = now, rate = rate }
        end
        seen = look()
        seen.wait = wait
      else
        seen = look()
        seen.wait = stop - now
      end
    elseif #out_there > 0 then
      local permit = table.remove(out_there, math.min(#out_there, math.floor(step.which * #out_there) + 1))
      local fence, till = law.fence, 0
      if step.kind == "throttled" then
        till = law_throttled(hot, law, plan, permit, nil, { accepted = input.accepted, fallen = false }, now)
        stop = math.max(stop, till)
      else
        hot.ok = hot.ok + 1
      end
      seen = look()
      seen.granted, seen.till, seen.event = permit.granted, till, law.fence ~= fence
    else
      seen = look()
    end
    out[#out + 1] = seen
  end
  return out`;

const play = async (config: Config, steps: readonly Step[], accepted = 10): Promise<Seen[]> =>
  (await luaLib(space.client, ["law", "learn"], HISTORY)({ config, steps, accepted })) as Seen[];

const after = fc.oneof(fc.integer({ min: 0, max: 30 }), fc.integer({ min: 0, max: 1_500 }));
const which = fc.double({ min: 0, max: 0.999, noNaN: true });
const steps = fc.array(
  fc.oneof(
    { weight: 5, arbitrary: fc.record({ kind: fc.constant("ask" as const), after }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant("throttled" as const), after, which }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant("ok" as const), after, which }) },
  ),
  { minLength: 5, maxLength: 200 },
);
const adaptive = fc.constantFrom<Config>(
  { adaptive: 1, paced: 0 },
  { adaptive: 1, paced: 1 },
  { adaptive: 1, paced: 1, cap: 30 },
);

const ask = (ms: number): Step => ({ kind: "ask", after: ms });

describe("the control law", () => {
  it("makes one decrease per congestion event, however many 429s it brings (I7)", async () => {
    let events = 0;
    await fc.assert(
      fc.asyncProperty(adaptive, steps, async (config, history) => {
        const seen = await play(config, history);
        let grantedAtDecrease = 0;
        let granted = 0;
        for (const [index, step] of history.entries()) {
          const now = seen[index] as Seen;
          const before = seen[index - 1];
          if (step.kind === "ask" && now.wait === 0) granted++;
          if (step.kind !== "throttled" || now.granted === undefined || !before) continue;
          if (now.granted <= grantedAtDecrease) {
            const { phase, rate, base, at } = now;
            expect({ phase, rate, base, at, till: now.till }).toEqual({
              phase: before.phase,
              rate: before.rate,
              base: before.base,
              at: before.at,
              till: 0,
            });
          } else {
            expect(now.event).toBe(true);
            grantedAtDecrease = granted;
            events++;
          }
        }
      }),
      { numRuns: 150 },
    );
    expect(events).toBeGreaterThan(150);
  });

  it("never goes up at a 429: it slows down, or stands still to count what was in flight", async () => {
    await fc.assert(
      fc.asyncProperty(adaptive, steps, async (config, history) => {
        const seen = await play(config, history);
        for (const [index, { event, rate, till = 0 }] of seen.entries()) {
          const before = seen[index - 1];
          if (!event || !before) continue;
          if (till > 0) continue;
          expect(rate).toBeLessThanOrEqual(before.rate === -1 ? Number.POSITIVE_INFINITY : before.rate + 1e-9);
          expect(rate).toBeGreaterThan(0);
        }
      }),
      { numRuns: 150 },
    );
  });

  it("never exceeds a declared limit, and never stops for good", async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 200 }), steps, async (cap, history) => {
        for (const { rate } of await play({ adaptive: 1, paced: 1, cap }, history)) {
          expect(rate).toBeLessThanOrEqual(cap);
          expect(rate).toBeGreaterThanOrEqual(0.05);
        }
      }),
      { numRuns: 100 },
    );
  });

  it("never exceeds it after a minute of demand without a single 429 either", async () => {
    const history = Array.from({ length: 3_000 }, () => [ask(20), { kind: "ok" as const, after: 0, which: 0 }]).flat();
    const seen = await play({ adaptive: 1, paced: 1, cap: 30 }, history);
    expect(Math.max(...seen.map(({ rate }) => rate))).toBe(30);
    const learned = await play(
      { adaptive: 1, paced: 0 },
      [...history.slice(0, 20), { kind: "ask", after: 1 }, { kind: "throttled", after: 1, which: 0 }, ...history],
      12,
    );
    expect(learned.at(-1)?.rate, "what is only learned is probed upward").toBeGreaterThan(14);
  });

  it("uses the limits as they are where adaptation is off: a 429 changes nothing", async () => {
    const history: Step[] = [
      ask(0),
      ask(0),
      ask(0),
      ...Array.from({ length: 3 }, () => ({ kind: "throttled" as const, after: 5, which: 0 })),
      ask(0),
    ];
    const seen = await play({ adaptive: 0, paced: 1, cap: 10 }, history);
    expect(new Set(seen.map(({ rate }) => rate))).toEqual(new Set([-1]));
    expect(seen.at(-1)?.wait).toBe(0);
  });

  it("does not inflate while demand is below the rate", async () => {
    const start = (await play({ adaptive: 1, paced: 1 }, [ask(0)]))[0]?.rate;
    // Five a second for two minutes, against a start of twenty.
    const seen = await play(
      { adaptive: 1, paced: 1 },
      Array.from({ length: 600 }, () => [ask(200), { kind: "ok" as const, after: 0, which: 0 }]).flat(),
    );
    expect(seen.at(-1)?.rate).toBe(start);
  });

  it("grows by an e-fold every 0.3 s at first, while more is asked for than it grants", async () => {
    const history = Array.from({ length: 200 }, () => [ask(5), { kind: "ok" as const, after: 0, which: 0 }]).flat();
    const seen = await play({ adaptive: 1, paced: 1 }, history);
    const rateAfter = (ms: number) => seen[(ms / 5) * 2]?.rate ?? 0;
    expect(rateAfter(600) / rateAfter(300)).toBeGreaterThan(2.3);
    expect(rateAfter(600) / rateAfter(300)).toBeLessThan(3);
  });

  it("spaces permits at the rate: no second passes with more than the rate and what a late asker catches up", async () => {
    const history = Array.from({ length: 3_000 }, () => [ask(1), { kind: "ok" as const, after: 0, which: 0 }]).flat();
    const seen = await play({ adaptive: 1, paced: 1, cap: 50 }, history);
    const grants = seen.flatMap(({ wait }, index) => (wait === 0 && index % 2 === 0 ? [index / 2] : []));
    for (const first of grants) {
      expect(grants.filter((at) => at >= first && at < first + 1_000).length).toBeLessThanOrEqual(50 + 2);
    }
    expect(grants.length / 3).toBeGreaterThan(47);
  });
});
