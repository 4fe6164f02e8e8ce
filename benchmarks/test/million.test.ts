import { expect, it, vi } from "vitest";
import { runMillion } from "../src/million/run.ts";

it("20,000 items each way: memory stays flat, depth under capacity, every item arrives once", {
  timeout: 120_000,
}, async () => {
  const connection = process.env["REDIS_URL"] ?? "";
  const print = vi.spyOn(console, "log").mockReturnValue();
  const say = vi.spyOn(console, "error").mockReturnValue();
  try {
    const summaries = await runMillion({
      connection,
      items: 20_000,
      ways: ["enqueueMany", "pipeline"],
      json: true,
    });
    expect(print.mock.calls).toEqual([[JSON.stringify(summaries)]]);
    for (const { way, perSecond, rssMiB, depthMost } of summaries) {
      process.stdout.write(`${way}: ${perSecond}/s, RSS ${rssMiB.start} MiB + ${rssMiB.grew}, depth ${depthMost}\n`);
    }
    expect(summaries).toMatchObject(
      ["enqueueMany", "pipeline"].map((way) => ({ way, arrivedOnce: 20_000, arrivedMore: 0 })),
    );
    for (const { depthMost, capacity, rssMiB } of summaries) {
      expect(depthMost).toBeGreaterThan(0);
      expect(depthMost).toBeLessThanOrEqual(capacity);
      expect(rssMiB.start).toBeGreaterThan(20);
      expect(rssMiB.grew).toBeLessThan(50);
    }
  } finally {
    print.mockRestore();
    say.mockRestore();
  }
});
