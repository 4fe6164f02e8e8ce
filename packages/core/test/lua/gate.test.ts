import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { useRedis } from "../support/redis.ts";
import { luaLib } from "./lib.ts";

const space = useRedis();

const SHUTS = `
  local site = { now = 1000000, cold = { why = "" }, hot = { gate = 0, mirrored = 0 } }
  local out = {}
  for _, step in ipairs(input) do
    site.now = site.now + step.after
    gate_shut(site, site.now + step.ms, "throttled")
    gate_tidy(site)
    out[#out + 1] = { gate = site.hot.gate, now = site.now }
  end
  return out`;

interface Shut {
  readonly gate: number;
  readonly now: number;
}

const YEAR_MS = 31_536_000_000;

describe("the gate", () => {
  it("never moves earlier by itself, and always covers the longest hint (I6)", async () => {
    const step = fc.record({
      after: fc.integer({ min: 0, max: 5_000 }),
      ms: fc.oneof(fc.integer({ min: -1_000, max: 60_000 }), fc.integer({ min: 0, max: 1e12 })),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 60 }), async (steps) => {
        const seen = (await luaLib(space.client, ["gate"], SHUTS)(steps)) as Shut[];
        let longest = 0;
        for (const [index, { gate, now }] of seen.entries()) {
          const asked = now + Math.min(steps[index]?.ms ?? 0, YEAR_MS);
          longest = Math.max(longest, asked);
          expect(gate).toBe(longest);
        }
      }),
      { numRuns: 150 },
    );
  });

  it("believes no hint beyond 365 days", async () => {
    const [seen] = (await luaLib(space.client, ["gate"], SHUTS)([{ after: 0, ms: 1e15 }])) as [Shut];
    expect(seen.gate - seen.now).toBe(YEAR_MS);
  });
});
