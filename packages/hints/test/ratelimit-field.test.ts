import { describe, expect, it } from "vitest";
import { parseHints } from "../src/index.ts";

const now = Date.parse("2026-11-25T12:00:00Z");
const limits = (headers: Record<string, string>) => parseHints(headers, { now }).limits;

describe("draft 8 and later", () => {
  it("joins an item with the policy of its name", () => {
    expect(
      limits({
        ratelimit: '"burst";r=50;t=30',
        "ratelimit-policy": '"burst";q=100;w=60,"daily";q=1000;w=86400',
      }),
    ).toEqual([
      { unit: "requests", limit: 100, remaining: 50, resetMs: 30_000, windowMs: 60_000 },
      { unit: "requests", limit: 1000, windowMs: 86_400_000 },
    ]);
  });

  it("knows units and partition keys", () => {
    expect(
      limits({
        ratelimit: '"peruser";r=100;t=4;pk=:MTJjYTE3YjQ5YWYy:',
        "ratelimit-policy": '"peruser";q=65535;qu="content-bytes";w=10;pk=:MTJjYTE3YjQ5YWYy:',
      }),
    ).toEqual([
      {
        unit: "content-bytes",
        limit: 65_535,
        remaining: 100,
        resetMs: 4_000,
        windowMs: 10_000,
        partition: "MTJjYTE3YjQ5YWYy",
      },
    ]);
  });

  it("keeps two partitions of one policy apart", () => {
    expect(
      limits({
        ratelimit: '"p";r=1;t=4;pk=:YQ==:, "p";r=2;t=8;pk=:Yg==:',
        "ratelimit-policy": '"p";q=10;w=10;pk=:Yg==:, "p";q=5;w=10;pk=:YQ==:',
      }).map(({ limit, remaining, partition }) => ({ limit, remaining, partition })),
    ).toEqual([
      { limit: 5, remaining: 1, partition: "YQ==" },
      { limit: 10, remaining: 2, partition: "Yg==" },
    ]);
  });

  it("waits for the longest of what is used up, on a success too", () => {
    expect(parseHints({ ratelimit: '"a";r=0;t=10, "b";r=0;t=60, "c";r=5;t=900' }, { now })).toMatchObject({
      retryAfterMs: 60_000,
      source: "ratelimit",
    });
  });

  it("does not wait while something is left", () => {
    expect(parseHints({ ratelimit: '"a";r=1;t=10' }, { now })).toMatchObject({ source: "none" });
  });

  it.each([
    ["no remaining", '"a";t=5'],
    ["a negative remaining", '"a";r=-1;t=5'],
    ["a fraction", '"a";r=1.5'],
    ["a token for a name", "a;r=1;t=5"],
    ["an open string", '"a;r=1'],
    ["a trailing comma", '"a";r=1,'],
    ["an inner list", '("a" "b");r=1'],
  ])("ignores %s", (_, ratelimit) => {
    expect(limits({ ratelimit })).toEqual([]);
  });

  it("ignores a malformed reset but not its item", () => {
    expect(limits({ ratelimit: '"a";r=1;t=-5' })).toEqual([{ unit: "requests", remaining: 1 }]);
  });
});

describe("draft 7", () => {
  it("reads the dictionary, with the window of its policy", () => {
    const hints = parseHints({ ratelimit: "limit=2, remaining=0, reset=60", "ratelimit-policy": "2;w=60" }, { now });
    expect(hints).toEqual({
      retryAfterMs: 60_000,
      source: "ratelimit",
      limits: [{ unit: "requests", limit: 2, remaining: 0, resetMs: 60_000, windowMs: 60_000 }],
      scope: "unknown",
    });
  });

  it("shows the policies that are not the one that is closest", () => {
    expect(limits({ ratelimit: "limit=10, remaining=9, reset=1", "ratelimit-policy": "10;w=1, 1000;w=3600" })).toEqual([
      { unit: "requests", limit: 10, remaining: 9, resetMs: 1_000, windowMs: 1_000 },
      { unit: "requests", limit: 1000, windowMs: 3_600_000 },
    ]);
  });
});

describe("draft 6 and before", () => {
  it("reads three fields and the policy", () => {
    expect(
      parseHints(
        {
          "ratelimit-limit": "2",
          "ratelimit-remaining": "0",
          "ratelimit-reset": "60",
          "ratelimit-policy": "2;w=60",
        },
        { now },
      ),
    ).toEqual({
      retryAfterMs: 60_000,
      source: "ratelimit",
      limits: [{ unit: "requests", limit: 2, remaining: 0, resetMs: 60_000, windowMs: 60_000 }],
      scope: "unknown",
    });
  });

  it("counts once what is sent in three generations: the newest", () => {
    expect(
      limits({
        "x-ratelimit-limit": "2",
        "x-ratelimit-remaining": "1",
        "x-ratelimit-reset": "60",
        "ratelimit-limit": "2",
        "ratelimit-remaining": "1",
        "ratelimit-reset": "60",
        ratelimit: '"a";r=1;t=60',
        "ratelimit-policy": '"a";q=2;w=60',
      }),
    ).toEqual([{ unit: "requests", limit: 2, remaining: 1, resetMs: 60_000, windowMs: 60_000 }]);
  });

  it("an older generation counts where the newest is malformed", () => {
    expect(
      limits({
        ratelimit: '"a";r=1,',
        "x-ratelimit-limit": "2",
        "x-ratelimit-remaining": "1",
        "x-ratelimit-reset": "60",
      }),
    ).toEqual([{ unit: "requests", limit: 2, remaining: 1, resetMs: 60_000 }]);
  });

  it("counts once what is sent in two generations", () => {
    expect(
      limits({
        "x-ratelimit-limit": "2",
        "x-ratelimit-remaining": "1",
        "x-ratelimit-reset": String(now / 1_000 + 60),
        "ratelimit-limit": "2",
        "ratelimit-remaining": "1",
        "ratelimit-reset": "60",
      }),
    ).toEqual([{ unit: "requests", limit: 2, remaining: 1, resetMs: 60_000 }]);
  });
});

it("a policy alone tells the limit", () => {
  expect(limits({ "ratelimit-policy": '"daily";q=1000;w=86400' })).toEqual([
    { unit: "requests", limit: 1000, windowMs: 86_400_000 },
  ]);
});
