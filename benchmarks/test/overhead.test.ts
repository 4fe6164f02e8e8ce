import { expect, it, vi } from "vitest";
import { runOverhead } from "../src/overhead/run.ts";

it.each(["none", "declared", "adaptive"] as const)(
  "measures both sides, limiter %s, and says so in one JSON line",
  { timeout: 60_000 },
  async (limiter) => {
    const connection = process.env["REDIS_URL"] ?? "";
    const print = vi.spyOn(console, "log").mockReturnValue();
    const say = vi.spyOn(console, "error").mockReturnValue();
    try {
      const summary = await runOverhead({ connection, pairs: 2, jobs: 300, limiter, json: true });
      const { cpu: _, ...figures } = summary;
      expect(print.mock.calls).toEqual([[JSON.stringify(figures)]]);
      expect(Object.keys(figures)).toEqual(["enqueue", "process", "p99"]);
      expect(say.mock.calls.filter(([line]) => /^ {4}[12] {2}(headgate|bullmq)/.test(String(line)))).toHaveLength(4);
      for (const name of ["enqueue", "process"] as const) {
        expect(summary[name].headgate).toBeGreaterThan(0);
        expect(summary[name].bullmq).toBeGreaterThan(0);
        expect(summary[name].ratio).toBeGreaterThan(0);
      }
      expect(summary.p99.enqueueRatio).toBeGreaterThan(0);
      expect(summary.cpu.enqueueRatio).toBeGreaterThan(0);
    } finally {
      print.mockRestore();
      say.mockRestore();
    }
  },
);
