import { describe, expect, it, onTestFinished, vi } from "vitest";
import { callsOf } from "../../src/scale/counts.ts";
import { shares } from "../../src/scale/fleet.ts";
import { runScale } from "../../src/scale/scale.ts";

describe("scale", () => {
  it("counts what the workers of a fleet send, and finds a ceiling", { timeout: 90_000 }, async () => {
    const lines: string[] = [];
    vi.spyOn(console, "log").mockImplementation((line: string) => void lines.push(line));
    vi.spyOn(console, "error").mockImplementation(() => undefined);
    onTestFinished(() => void vi.restoreAllMocks());

    await runScale({ connection: process.env["REDIS_URL"] ?? "", workers: [3], seconds: 1, jobs: 3_000, json: true });

    const { fleet, ceiling } = JSON.parse(lines.at(-1) ?? "") as Awaited<ReturnType<typeof runScale>>;
    expect(fleet).toHaveLength(1);
    expect(fleet[0]?.workers).toBe(3);
    expect(fleet[0]?.scriptsPerJob).toBeGreaterThan(0.9);
    expect(fleet[0]?.achievedRate).toBeGreaterThan(20);
    expect(fleet[0]?.achievedRate).toBeLessThan(110);
    expect(fleet[0]?.redisCpuPercent).toBeGreaterThan(0);
    expect(ceiling.permitsPerSecond).toBeGreaterThan(500);
  });

  it("shares workers evenly", () => {
    expect(shares(1, 4)).toEqual([1]);
    expect(shares(8, 4)).toEqual([2, 2, 2, 2]);
    expect(shares(6, 4)).toEqual([1, 1, 2, 2]);
  });

  it("reads Redis' own counts", () => {
    const stats = "# Commandstats\r\ncmdstat_eval:calls=3,usec=9\r\ncmdstat_evalsha:calls=5640,usec=1\r\n";
    expect(callsOf(stats, "evalsha")).toBe(5_640);
    expect(callsOf(stats, "eval")).toBe(3);
    expect(callsOf(stats, "fcall")).toBe(0);
  });
});
