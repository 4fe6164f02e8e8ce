import { describe, expect, it } from "vitest";
import type { Cost } from "../../src/api/api.ts";
import { Ledger } from "../../src/api/ledger.ts";
import { scenarioOf, scenarios } from "../../src/goodput/scenario.ts";
import { load } from "./saturate.ts";

/** The mean cost, in every call: a saturating load that cannot pick the cheap ones. */
const costOf = ({ least, most }: { least: number; most: number }): Cost => ({
  requests: 1,
  tokens: (least + most) / 2,
});

describe("goodput", () => {
  // An API that punishes accepts nothing from whoever saturates it.
  it.each(scenarios.filter(({ api }) => api.punishMs === undefined))(
    "$name: a saturating load has 1, but for the initial burst",
    ({ api: spec, seconds, tokens }) => {
      const runMs = seconds * 1_000;
      const concurrent = spec.rules[0]?.kind === "concurrency";
      const { api, ledger, span } = load(spec, {
        runMs,
        everyMs: 1,
        ...(concurrent ? { heldMs: 200 } : {}),
        cost: () => costOf(tokens),
      });
      const burst = Math.max(
        ...spec.rules.map((rule) => {
          if (rule.kind === "bucket") return rule.burst / (rule.amount * (runMs / rule.perMs));
          return rule.kind === "sliding" ? rule.perMs / runMs : 0;
        }),
      );
      const goodput = ledger.goodput(api, span);
      expect(goodput).toBeGreaterThanOrEqual(0.985);
      // A call more or less: 20 a minute are few.
      expect(goodput).toBeLessThanOrEqual(1.01 + 1.5 * burst);
    },
  );

  it("of half the rate is a half", () => {
    const { api, ledger, span } = load(scenarioOf("bucket-10").api, { runMs: 60_000, everyMs: 20 });
    expect(ledger.goodput(api, span)).toBeCloseTo(0.5, 2);
  });

  it("on windows has nothing of being lucky with a partial one", () => {
    const { api, ledger, span } = load(scenarioOf("window-10s").api, { runMs: 60_000, everyMs: 1 });
    expect(ledger.count(true, span)).toBe(7_000);
    expect(ledger.goodput(api, span)).toBeCloseTo(1, 5);
  });

  it("leaves out what a neighbour took", () => {
    const { api, ledger } = load(scenarioOf("neighbour").api, { runMs: 60_000, everyMs: 1 });
    const shared = { from: 20_000, to: 40_000 };
    expect(ledger.count(true, shared)).toBeCloseTo(1_000, -1);
    expect(ledger.goodput(api, shared)).toBeCloseTo(1, 2);
  });

  it("of several limits is that of the one that binds", () => {
    const { api, ledger, span } = load(scenarioOf("tokens").api, {
      runMs: 60_000,
      everyMs: 10,
      cost: () => ({ requests: 1, tokens: 100 }),
    });
    // Cheap calls: 1,000 requests a minute bind, not the tokens.
    expect(ledger.count(true, span)).toBeCloseTo(1_017, -1);
    expect(ledger.goodput(api, span)).toBeCloseTo(1.017, 2);
  });
});

describe("settled", () => {
  it("is when the rate is there for the first time", () => {
    const { api } = load(scenarioOf("bucket-10").api, { runMs: 20_000, everyMs: 10 });
    const ledger = new Ledger();
    const note = (at: number): void => ledger.note(at, true, { requests: 1, tokens: 1 });
    for (let at = 0; at < 10_000; at += 50) note(at);
    for (let at = 10_000; at < 20_000; at += 10) note(at);
    const run = { from: 0, to: 20_000 };
    expect(ledger.settledAfter(api, run, 2_000, 0.9)).toBeGreaterThanOrEqual(9_700);
    expect(ledger.settledAfter(api, run, 2_000, 0.9)).toBeLessThanOrEqual(10_000);
    expect(ledger.settledAfter(api, { from: 0, to: 9_000 }, 2_000, 0.9)).toBeNull();
  });
});
