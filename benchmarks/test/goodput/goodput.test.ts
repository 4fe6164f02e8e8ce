import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { drawFigures } from "../../src/figures/figures.ts";
import { runGoodput } from "../../src/goodput/goodput.ts";
import { scenarioOf } from "../../src/goodput/scenario.ts";

describe("goodput", () => {
  it("runs contenders side by side, loses no job, and draws what it saw", { timeout: 90_000 }, async () => {
    const folder = await mkdtemp(join(tmpdir(), "goodput-"));
    onTestFinished(() => rm(folder, { recursive: true }));
    const lines: string[] = [];
    vi.spyOn(console, "log").mockImplementation((line: string) => void lines.push(line));
    vi.spyOn(console, "error").mockImplementation(() => undefined);
    onTestFinished(() => void vi.restoreAllMocks());

    const record = join(folder, "record.json");
    await runGoodput({
      connection: process.env["REDIS_URL"] ?? "",
      scenarios: [scenarioOf("bucket-100")],
      contenders: ["headgate", "bullmq-recipe"],
      seconds: 3,
      together: 2,
      record,
      json: true,
    });

    const [ours, theirs] = JSON.parse(lines.at(-1) ?? "") as Record<string, unknown>[];
    const expected = {
      scenario: "bucket-100",
      warm: false,
      goodput: expect.any(Number),
      throttled: expect.any(Number),
      calls: expect.any(Number),
      throttledInFirst5s: expect.any(Number),
      maxDepth: expect.any(Number),
      lost: 0,
    };
    expect(ours).toMatchObject({ ...expected, contender: "headgate" });
    expect(theirs).toMatchObject({ ...expected, contender: "bullmq-recipe" });
    for (const { goodput, calls, maxDepth, settleMs } of [ours ?? {}, theirs ?? {}]) {
      expect(calls).toBeGreaterThan(10);
      expect(goodput).toBeGreaterThan(0.02);
      expect(maxDepth).toBeGreaterThan(100);
      expect(settleMs === null || Number(settleMs) >= 0).toBe(true);
    }
    expect(ours?.["maxDepth"]).toBeLessThanOrEqual(1_000);

    const page = join(folder, "benchmarks.md");
    await writeFile(page, "before\n<!-- goodput:begin -->\nold\n<!-- goodput:end -->\nafter\n");
    await drawFigures(record, folder);
    const written = await readFile(page, "utf8");
    expect(written).toMatch(/^before\n<!-- goodput:begin -->\n\| scenario [\s\S]*<!-- goodput:end -->\nafter\n$/);
    expect(written).not.toContain("old");
    expect(written).toContain("| bucket-100 | **headgate** |");
    expect(written).toContain("| bucket-100 | bullmq-recipe |");
    const figure = await readFile(join(folder, "figures", "bucket-100.svg"), "utf8");
    expect(figure).toMatch(/^<svg [\s\S]*<\/svg>\n$/);
    expect(figure).toContain("bullmq-recipe");
  });
});
