import { classifyResponse } from "@headgate/hints";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { dialects } from "../../src/dialects/dialects.ts";
import { type DialectResult, runDialects } from "../../src/dialects/run.ts";

const now = Date.parse("2026-11-25T12:00:00.250Z");

describe.each(dialects)("$name", ({ says, rule, provider, cost = 1 }) => {
  const amount = rule.kind === "bucket" ? rule.burst : rule.amount;
  const heard = (accepted: boolean, left: number) => {
    const said = says({ accepted, left, amount, resetMs: 4_000, waitMs: accepted ? 0 : 900, now });
    const { headers, status = accepted ? 200 : 429, body } = said;
    return classifyResponse({ status, headers, body }, { now, ...(provider === undefined ? {} : { provider }) });
  };

  it("tells a success what is left, as @headgate/hints reads it", () => {
    const { throttled, hint } = heard(true, 40);
    expect(throttled).toBe(false);
    const [limit] = hint.limits;
    expect(limit).toMatchObject({ unit: cost > 1 ? "cost" : "requests", limit: amount, remaining: 40 });
    if (rule.kind === "window" && limit?.resetMs !== undefined) {
      expect(limit.resetMs).toBeGreaterThanOrEqual(4_000);
      expect(limit.resetMs).toBeLessThan(5_300);
    }
    if (limit?.windowMs !== undefined) expect([rule.perMs, 20_000]).toContain(limit.windowMs);
  });

  it("refuses so that it is understood, and never for good", () => {
    expect(heard(false, 0)).toMatchObject({ throttled: true, terminal: false });
  });
});

it("a short run counts calls, and what was refused of them", { timeout: 60_000 }, async () => {
  const lines: string[] = [];
  vi.spyOn(console, "log").mockImplementation((line: string) => void lines.push(line));
  onTestFinished(() => void vi.restoreAllMocks());
  const connection = process.env["REDIS_URL"] ?? "";
  await runDialects({ connection, dialect: ["draft-8"], seconds: 2, json: true });
  const [result] = JSON.parse(lines.at(-1) ?? "") as DialectResult[];
  expect(result?.dialect).toBe("draft-8");
  expect(result?.calls).toBeGreaterThan(20);
  expect(result?.goodput).toBeGreaterThan(0.2);
  expect(result?.throttled).toBeCloseTo((result?.refused ?? 0) / (result?.calls ?? 1), 6);
});
