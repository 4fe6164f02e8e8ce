import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { suppressions } from "../../src/observe/channels.ts";
import { Damper } from "../../src/observe/damper.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const damper = () => {
  const seen: [string, string, number][] = [];
  return { seen, damper: new Damper<string>((what, kind, suppressed) => void seen.push([kind, what, suppressed])) };
};

describe("a damper", () => {
  it("reports the first at once, then one a second with what was left out", () => {
    const { seen, damper: one } = damper();
    for (let count = 0; count < 5; count++) one.take("oom", `e${count}`);
    expect(seen).toEqual([["oom", "e0", 0]]);
    vi.advanceTimersByTime(1_010);
    // Of the four, the last is reported and three are not.
    expect(seen.at(-1)).toEqual(["oom", "e4", 3]);
    vi.advanceTimersByTime(1_010);
    expect(seen).toHaveLength(2);
    one.take("oom", "later");
    expect(seen.at(-1)).toEqual(["oom", "later", 0]);
  });

  it("keeps to one a second over a storm of 10 s, and loses no count", () => {
    const { seen, damper: one } = damper();
    for (let at = 0; at < 10_000; at++) {
      one.take("oom", "x");
      vi.advanceTimersByTime(1);
    }
    one.close();
    expect(seen.length).toBeLessThanOrEqual(11);
    expect(seen.length + seen.reduce((sum, [, , suppressed]) => sum + suppressed, 0)).toBe(10_000);
  });

  it("counts each kind for itself, and tells of what it left out", () => {
    const told: string[] = [];
    const stop = suppressions.watch(({ kind }) => void told.push(kind));
    const { seen, damper: one } = damper();
    for (const kind of ["a", "b", "a"]) one.take(kind, kind);
    expect(seen.map(([kind]) => kind)).toEqual(["a", "b"]);
    expect(told).toEqual(["a"]);
    one.close();
    expect(seen.map(([kind]) => kind)).toEqual(["a", "b", "a"]);
    stop();
  });

  it("adds what another has left out before it", () => {
    const { seen, damper: fleet } = damper();
    for (const before of [2, 3, 4]) fleet.take("oom", "x", before);
    vi.advanceTimersByTime(1_010);
    expect(seen).toEqual([
      ["oom", "x", 2],
      ["oom", "x", 1 + 3 + 4],
    ]);
  });
});
