import pc from "picocolors";
import { describe, expect, test } from "vitest";
import { paceOf } from "../src/enqueue/pace.ts";
import { progressLine } from "../src/enqueue/progress.ts";
import { Tally } from "../src/enqueue/tally.ts";

const plain = pc.createColors(false);

function lineOf(share: number | null, waiting: number, columns = 120): string {
  const tally = new Tally();
  for (let line = 1; line <= 1_200; line++) tally.add(line, { kind: "accepted" });
  tally.add(1_201, { kind: "invalid", why: "not JSON" });
  const clock = { waiting: () => waiting, totalMs: () => (waiting > 0 ? 2_000 : 0) };
  return progressLine(
    {
      tally,
      clock: { ...clock, watch: (admission) => admission },
      source: { share: () => share },
      pressure: () => "slow (depth)",
    },
    { linesPerSecond: 1_876, leftMs: 12_000 },
    plain,
    columns,
  );
}

describe("the progress line", () => {
  test("of a file has a bar, the rate and the time that is left", () => {
    expect(lineOf(0.5, 0)).toBe("████████████░░░░░░░░░░░░ 50% · 1,200 accepted · 1,876/s · 12s left · 1 invalid");
  });

  test("of a pipe has none of what needs its length", () => {
    expect(lineOf(null, 0)).toBe("1,200 accepted · 1,876/s · 1 invalid");
  });

  test("says how many wait, since when and why", () => {
    expect(lineOf(1, 40, 140)).toBe(
      `${"█".repeat(24)} 100% · 1,200 accepted · 1,876/s · 12s left · 1 invalid · waited 2s · 40 wait: slow (depth)`,
    );
  });

  test.each([
    [110, "█ 100% · 1,200 accepted · 1,876/s · 12s left · 1 invalid · waited 2s · 40 wait: slow (depth)"],
    [92, "█ 100% · 1,200 accepted · 1,876/s · 12s left · 1 invalid · 40 wait: slow (depth)"],
    [60, "█ 100% · 1,200 accepted · 1,876/s"],
    [40, "█ 100% · 1,200 accepted · 1,876/s"],
    [30, "█ 100% · 1,876/s"],
    [20, "100% · 1,876/s"],
  ])("on %d columns stays on one line, and leaves out what matters least", (columns, expected) => {
    const line = lineOf(1, 40, columns);
    expect(line.length).toBeLessThanOrEqual(columns);
    expect(line.replace(/█+/, "█")).toBe(expected.replace(/█+/, "█"));
  });
});

describe("the pace", () => {
  test("is that of the last five seconds", () => {
    const pace = paceOf();
    pace.add({ atMs: 0, lines: 0, share: 0 });
    pace.add({ atMs: 1_000, lines: 1_000, share: 0.1 });
    expect(pace.add({ atMs: 2_000, lines: 2_000, share: 0.2 })).toEqual({ linesPerSecond: 1_000, leftMs: 8_000 });
    pace.add({ atMs: 6_500, lines: 2_000, share: 0.2 });
    expect(pace.add({ atMs: 11_000, lines: 2_090, share: 0.209 })).toEqual({ linesPerSecond: 20, leftMs: 395_500 });
  });

  test("of an input that stands still has no end", () => {
    const pace = paceOf();
    pace.add({ atMs: 0, lines: 5, share: 0.5 });
    expect(pace.add({ atMs: 1_000, lines: 5, share: 0.5 })).toEqual({ linesPerSecond: 0, leftMs: null });
  });
});
