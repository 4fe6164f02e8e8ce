import { parseHints } from "@headgate/hints";
import { describe, expect, it } from "vitest";
import { limitsText } from "../../src/bullmq/ending.ts";
import { newestLimits, ownLimits } from "../../src/worker/known-limits.ts";

const now = Date.parse("2026-11-25T12:00:00Z");
const known = (headers: Record<string, string>) => ownLimits(parseHints(headers, { now }));

describe("what an ending carries of an answer's limits", () => {
  it("is unit, limit, remaining, reset and window, with -1 for what was not said", () => {
    const limits = known({ ratelimit: '"a";r=50;t=30', "ratelimit-policy": '"a";q=100;w=60, "day";q=1000;w=86400' });
    expect(limitsText(limits, 41.7)).toBe('[42,["requests",100,50,30000,60000],["requests",1000,-1,-1,86400000]]');
  });

  it("is 0 when the answer says nothing", () => {
    expect(limitsText(known({ "content-type": "text/plain", "retry-after": "5" }), 41)).toBe("0");
  });

  it("has four entries at most, each of a unit that could be declared", () => {
    const policies = Array.from({ length: 9 }, (_, index) => `"p${index}";q=${index + 1};w=${index + 1}`).join(", ");
    const many = known({ "ratelimit-policy": `"odd";q=1;w=1;qu="a\\"b c", ${policies}` });
    expect(many.map(({ unit, windowMs }) => [unit, windowMs])).toEqual(
      [1, 2, 3, 4].map((s) => ["requests", s * 1_000]),
    );
  });

  it("is bounded whatever a server writes", () => {
    const limits = known({
      "x-ratelimit-limit": "9".repeat(300),
      "x-ratelimit-remaining": "-7",
      "x-ratelimit-reset": "1e9",
    });
    for (const [, ...numbers] of JSON.parse(limitsText(limits, 0)).slice(1) as [string, ...number[]][]) {
      for (const value of numbers) expect(Number.isSafeInteger(value) && value >= -1).toBe(true);
    }
    expect(limits).toHaveLength(1);
  });

  it("leaves out a resource that is shared with strangers (Discord)", () => {
    const headers = { "x-ratelimit-limit": "5", "x-ratelimit-remaining": "0", "x-ratelimit-reset-after": "1" };
    expect(known({ ...headers, "x-ratelimit-scope": "shared" })).toEqual([]);
    expect(known({ ...headers, "x-ratelimit-scope": "user" })).toHaveLength(1);
  });

  it("takes of several partitions the one that ends first", () => {
    const limits = known({
      ratelimit: '"a";r=9;t=1;pk=:YQ==:, "a";r=2;t=1;pk=:Yg==:',
      "ratelimit-policy": '"a";q=10;w=60',
    });
    expect(limits.filter(({ windowMs }) => windowMs === 60_000)).toEqual([expect.objectContaining({ limit: 10 })]);
    expect(known({ ratelimit: '"a";r=9;t=1;pk=:YQ==:, "b";r=2;t=1' })).toEqual([
      expect.objectContaining({ remaining: 2 }),
    ]);
  });
});

describe("several calls in one job", () => {
  const requests = (remaining: number) => ({ unit: "requests", limit: 100, remaining, windowMs: 60_000 });
  const tokens = { unit: "tokens", limit: 9_000, remaining: 8_000, windowMs: 60_000 };

  it("keep the newest answer of each unit and window", () => {
    expect(newestLimits([requests(50), tokens], [requests(90)])).toEqual([requests(90), tokens]);
  });

  it("keep what was known when an answer says nothing", () => {
    expect(newestLimits([tokens], [])).toEqual([tokens]);
  });
});
