import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { useRedis } from "../support/redis.ts";
import { luaLib } from "./lib.ts";

const space = useRedis();

const SUMS = `
  local zeros = function() return { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 } end
  local site = {
    now = input.start, cold = { ring = { ok = zeros(), throttled = zeros() } },
    hot = { second = math.floor(input.start / 1000), secondOk = 0, secondThrottled = 0 },
  }
  local out = {}
  for _, step in ipairs(input.steps) do
    site.now = site.now + step.after
    ring_turn(site)
    if step.kind == "ok" then site.hot.secondOk = site.hot.secondOk + 1 end
    if step.kind == "throttled" then site.hot.secondThrottled = site.hot.secondThrottled + 1 end
    local ok, throttled = ring_sums(site, step.seconds)
    out[#out + 1] = { ok = ok, throttled = throttled, share = throttled_share(site), accepted = accepted_per_second(site) }
  end
  return out`;

type Kind = "ok" | "throttled" | "look";
interface Step {
  readonly after: number;
  readonly kind: Kind;
  readonly seconds: number;
}
interface Sums {
  readonly ok: number;
  readonly throttled: number;
  readonly share: number;
  readonly accepted: number;
}

const sums = async (start: number, steps: readonly Step[]): Promise<Sums[]> =>
  (await luaLib(space.client, ["ring"], SUMS)({ start, steps })) as Sums[];

/** The same by keeping every outcome. */
function model(start: number, steps: readonly Step[]): Sums[] {
  const events: { second: number; kind: Kind }[] = [];
  let now = start;
  return steps.map(({ after, kind, seconds }) => {
    now += after;
    const second = Math.floor(now / 1_000);
    if (kind !== "look") events.push({ second, kind });
    const count = (what: Kind, last: number) =>
      events.filter((event) => event.kind === what && event.second > second - last).length;
    const [ok, throttled] = [count("ok", 10), count("throttled", 10)];
    return {
      ok: count("ok", seconds),
      throttled: count("throttled", seconds),
      share: ok + throttled < 5 ? 0 : throttled / (ok + throttled),
      accepted: ok / 10,
    };
  });
}

describe("outcomes of the last 10 s", () => {
  it("are summed right across gaps of any length", async () => {
    const step = fc.record({
      after: fc.oneof(fc.integer({ min: 0, max: 900 }), fc.integer({ min: 900, max: 25_000 })),
      kind: fc.constantFrom<Kind>("ok", "throttled", "look"),
      seconds: fc.integer({ min: 1, max: 10 }),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 0, max: 5_000_000 }),
        fc.array(step, { minLength: 1, maxLength: 80 }),
        async (start, steps) => {
          const real = await sums(start, steps);
          for (const [index, expected] of model(start, steps).entries()) {
            expect(real[index]?.ok).toBe(expected.ok);
            expect(real[index]?.throttled).toBe(expected.throttled);
            expect(real[index]?.share).toBeCloseTo(expected.share, 12);
            expect(real[index]?.accepted).toBeCloseTo(expected.accepted, 12);
          }
        },
      ),
      { numRuns: 120 },
    );
  });

  it("say nothing of a share below five outcomes", async () => {
    const once: Step = { after: 1, kind: "throttled", seconds: 10 };
    const shares = (await sums(50_000, [once, once, once, once, once])).map(({ share }) => share);
    expect(shares).toEqual([0, 0, 0, 0, 1]);
  });

  it("survive a clock that steps back without losing what was counted", async () => {
    const steps: Step[] = [
      { after: 0, kind: "ok", seconds: 10 },
      { after: -1_500, kind: "ok", seconds: 10 },
      { after: 1_500, kind: "look", seconds: 10 },
    ];
    expect((await sums(50_200, steps)).at(-1)?.ok).toBe(2);
  });
});
