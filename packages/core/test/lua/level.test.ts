import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { useRedis } from "../support/redis.ts";
import { luaLib } from "./lib.ts";

const space = useRedis();

type Level = "open" | "slow" | "closed";
interface Causes {
  readonly operator?: boolean;
  readonly gate?: boolean;
  readonly throttled?: boolean;
  readonly memory?: boolean;
}
interface Walk {
  readonly config: { readonly low: number; readonly high: number; readonly capacity: number };
  readonly from: Level;
  readonly steps: readonly { readonly depth: number; readonly causes: Causes }[];
}

const WALK = `
  local level, out = input.from, {}
  for _, step in ipairs(input.steps) do
    local reason
    level, reason = next_level(level, input.config, step.depth, step.causes)
    out[#out + 1] = { level = level, reason = reason }
  end
  return out`;

const walk = async (input: Walk): Promise<{ level: Level; reason: string }[]> =>
  (await luaLib(space.client, ["level"], WALK)(input)) as { level: Level; reason: string }[];

const levels = async (from: Level, depths: readonly number[]): Promise<Level[]> => {
  const steps = depths.map((depth) => ({ depth, causes: {} }));
  return (await walk({ config: { low: 0.3, high: 0.8, capacity: 100 }, from, steps })).map(({ level }) => level);
};

const rank = { open: 0, slow: 1, closed: 2 } as const;

/** DESIGN.md section 7, in its words. */
function rule(current: Level, { low, high, capacity }: Walk["config"], depth: number): Level {
  const middle = ((low + high) / 2) * capacity;
  const rises: Level = depth >= high * capacity ? "closed" : depth >= middle ? "slow" : "open";
  if (rank[rises] > rank[current]) return rises;
  if (current === "closed") return depth > middle ? "closed" : depth > low * capacity ? "slow" : "open";
  if (current === "slow") return depth > low * capacity ? "slow" : "open";
  return rises;
}

describe("levels", () => {
  it("rise at (low + high) / 2 and at high", async () => {
    expect(await levels("open", [30, 54, 55, 79, 80])).toEqual(["open", "open", "slow", "slow", "closed"]);
  });

  it("fall at (low + high) / 2 and at low", async () => {
    expect(await levels("closed", [79, 56, 55, 31, 30])).toEqual(["closed", "closed", "slow", "slow", "open"]);
  });

  it("do not flap at an edge", async () => {
    const wobble = (around: number) => Array.from({ length: 20 }, (_, index) => around - (index % 2));
    const changes = (seen: readonly Level[]) =>
      seen.filter((level, index) => index > 0 && level !== seen[index - 1]).length;
    for (const around of [31, 55, 56, 80, 81]) {
      for (const from of ["open", "slow", "closed"] as const) {
        expect(
          changes([from, ...(await levels(from, wobble(around)))]),
          `around ${around} from ${from}`,
        ).toBeLessThanOrEqual(2);
      }
    }
  });

  it("follow the rule on any walk of depth", async () => {
    const config = fc
      .record({
        low: fc.integer({ min: 1, max: 98 }),
        gap: fc.integer({ min: 1, max: 98 }),
        capacity: fc.integer({ min: 1, max: 500 }),
      })
      .map(({ low, gap, capacity }) => ({ low: low / 100, high: Math.min(99, low + gap) / 100, capacity }))
      .filter(({ low, high }) => low < high);
    const from = fc.constantFrom<Level>("open", "slow", "closed");
    await fc.assert(
      fc.asyncProperty(
        config,
        from,
        fc.array(fc.double({ min: 0, max: 1.2, noNaN: true }), { minLength: 1, maxLength: 60 }),
        async (config, start, shares) => {
          const depths = shares.map((share) => Math.round(share * config.capacity));
          const seen = await walk({ config, from: start, steps: depths.map((depth) => ({ depth, causes: {} })) });
          let level = start;
          for (const [index, depth] of depths.entries()) {
            level = rule(level, config, depth);
            expect(seen[index]?.level).toBe(level);
          }
        },
      ),
      { numRuns: 120 },
    );
  });

  it("cannot flap: between a rise and the fall from it depth goes a whole half of the band, on any walk", async () => {
    const config = fc
      .record({
        low: fc.integer({ min: 5, max: 60 }),
        gap: fc.integer({ min: 5, max: 39 }),
        capacity: fc.integer({ min: 1, max: 2_000 }),
      })
      .map(({ low, gap, capacity }) => ({ low: low / 100, high: (low + gap) / 100, capacity }));
    // Steps around an edge, where flapping would be.
    const wobble = fc.record({
      config,
      edge: fc.constantFrom("low", "middle", "high"),
      steps: fc.array(fc.integer({ min: -3, max: 3 }), { minLength: 40, maxLength: 200 }),
    });
    let changes = 0;
    await fc.assert(
      fc.asyncProperty(wobble, async ({ config, edge, steps }) => {
        const { low, high, capacity } = config;
        const edges = { low: low * capacity, middle: ((low + high) / 2) * capacity, high: high * capacity };
        let depth = Math.round(edges[edge]);
        const depths = steps.map((step) => {
          depth = Math.max(0, Math.min(capacity, depth + step));
          return depth;
        });
        const seen = await walk({ config, from: "open", steps: depths.map((each) => ({ depth: each, causes: {} })) });
        const half = ((high - low) / 2) * capacity;
        let last: { up: boolean; depth: number } | null = null;
        for (const [index, { level }] of seen.entries()) {
          const before = index === 0 ? "open" : (seen[index - 1]?.level ?? "open");
          const at = depths[index] as number;
          if (rank[level] === rank[before]) continue;
          const up = rank[level] > rank[before];
          if (last && last.up !== up) {
            changes++;
            expect(Math.abs(at - last.depth), `${before} to ${level}`).toBeGreaterThanOrEqual(half - 1e-6);
          }
          last = { up, depth: at };
        }
      }),
      { numRuns: 150 },
    );
    expect(changes, "levels that rose also fell").toBeGreaterThan(20);
  });

  it.each([
    { causes: { gate: true }, reason: "gate" },
    { causes: { throttled: true }, reason: "throttled" },
    { causes: { memory: true, gate: true, throttled: true }, reason: "memory" },
    { causes: { operator: true, memory: true, gate: true, throttled: true }, reason: "operator" },
  ])("close for other causes, whatever the depth: $causes", async ({ causes, reason }) => {
    const config = { low: 0.3, high: 0.8, capacity: 100 };
    const seen = await walk({
      config,
      from: "open",
      steps: [
        { depth: 0, causes },
        { depth: 0, causes: {} },
      ],
    });
    expect(seen).toEqual([
      { level: "closed", reason },
      { level: "open", reason: "" },
    ]);
  });

  it("stay closed after another cause has gone while depth is above the middle", async () => {
    const config = { low: 0.3, high: 0.8, capacity: 100 };
    const seen = await walk({
      config,
      from: "slow",
      steps: [
        { depth: 60, causes: { gate: true } },
        { depth: 60, causes: {} },
        { depth: 55, causes: {} },
      ],
    });
    expect(seen.map(({ level }) => level)).toEqual(["closed", "closed", "slow"]);
  });
});
