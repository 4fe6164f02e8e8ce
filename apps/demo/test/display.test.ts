import { createColors } from "picocolors";
import { describe, expect, it } from "vitest";
import { line } from "../src/display/line.ts";
import { picture } from "../src/display/picture.ts";
import type { View } from "../src/view.ts";

const view = (changed: Partial<View> = {}): View => ({
  processes: "API 1, worker-1 2, worker-2 3, producer 4",
  stage: "running",
  elapsedMs: 23_400,
  totalMs: 60_000,
  depth: 158,
  maxDepth: 160,
  capacity: 200,
  level: "closed",
  reason: "depth",
  learned: 10.24,
  phase: "steady",
  gateMs: 0,
  limit: 10,
  accepted: 10,
  throttled: 0,
  acceptedInAll: 990,
  throttledInAll: 10,
  enqueued: 1150,
  standingMs: 3100,
  waitedMs: 22_000,
  seconds: Array.from({ length: 23 }, () => ({ limit: 10, accepted: 10, throttled: 0, depth: 158, enqueued: 9 })),
  ...changed,
});

const plain = (changed?: Partial<View>): string => picture(view(changed), 100, createColors(false));

describe("the display", () => {
  it("shows depth against capacity, level, learned and true rate, and calls", () => {
    const text = plain();
    for (const shown of [
      "158 of 200",
      "closed  depth",
      "10/s  learned by the fleet 10.2/s",
      "10/s accepted",
      "1.0 %",
      "0:23 / 1:00",
    ]) {
      expect(text).toContain(shown);
    }
  });

  it("says that the producer stands still, and why", () => {
    expect(plain()).toContain("standing still for 3.1 s: the API is slow");
    expect(plain({ standingMs: 20 })).toContain("slowed to 9/s by the API");
    expect(plain({ stage: "draining" })).toContain("finishing what was accepted");
  });

  it("fits the terminal", () => {
    const seconds = Array.from({ length: 500 }, () => ({
      limit: 50,
      accepted: 50,
      throttled: 1,
      depth: 200,
      enqueued: 50,
    }));
    expect(
      Math.max(
        ...plain({ seconds })
          .split("\n")
          .map((text) => text.length),
      ),
    ).toBeLessThanOrEqual(100);
  });

  it("has a line for where nothing can be redrawn", () => {
    expect(line(view())).toMatch(
      /23s .*depth 158\/200 .*limit 10\/s learned 10.2\/s .*standing still for 3.1 s.*closed \(depth\)/u,
    );
  });

  it("colours only when asked", () => {
    expect(plain()).not.toContain("\u001b");
    expect(picture(view(), 100, createColors(true))).toContain("\u001b");
  });
});
