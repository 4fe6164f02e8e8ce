import { expect, it, vi } from "vitest";
import { runGateway } from "../src/gateway/run.ts";

it("under ten times the load answers 202 or 429 with a usable Retry-After, and keeps its memory", {
  timeout: 60_000,
}, async () => {
  const connection = process.env["REDIS_URL"] ?? "";
  const print = vi.spyOn(console, "log").mockReturnValue();
  const say = vi.spyOn(console, "error").mockReturnValue();
  try {
    const summary = await runGateway({ connection, seconds: 5, json: true });
    process.stdout.write(
      `gateway, 5 s: p50 ${summary.p50Ms} ms, p99 ${summary.p99Ms} ms, RSS ${summary.rssMiB.start} to ${summary.rssMiB.end} MiB\n`,
    );
    expect(print.mock.calls).toEqual([[JSON.stringify(summary)]]);
    expect(Object.keys(summary.statuses).sort()).toEqual(["202", "429"]);
    expect(summary.statuses["202"]).toBeGreaterThan(100);
    expect(summary.statuses["429"]).toBeGreaterThan(summary.statuses["202"] ?? 0);
    expect(summary.unusable).toBe(0);
    expect(summary.rssMiB.most).toBeGreaterThan(20);
    expect(summary.rssMiB.end - summary.rssMiB.start).toBeLessThan(50);
  } finally {
    print.mockRestore();
    say.mockRestore();
  }
});
