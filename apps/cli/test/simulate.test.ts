import { Redis } from "ioredis";
import { describe, expect, test } from "vitest";
import { fixture, headgate } from "./support/headgate.ts";

const brief = ["simulate", "--seconds", "20", "--rate", "50"];
const figures = async (...more: string[]): Promise<Record<string, unknown>> => {
  const { code, stdout, stderr } = await headgate([...brief, ...more, "--json"]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  return JSON.parse(stdout) as Record<string, unknown>;
};

describe("headgate simulate", () => {
  test("is one object with the figures, the same for the same seed, another for another", async () => {
    const [one, again, other] = await Promise.all([figures(), figures("--seed", "1"), figures("--seed", "2")]);
    expect(one).toEqual({
      api: "token-bucket",
      seconds: 20,
      seed: 1,
      complete: true,
      calls: expect.any(Number),
      accepted: expect.any(Number),
      throttled: expect.any(Number),
      goodput: expect.any(Number),
      throttledShare: expect.any(Number),
      throttledInFirst5s: expect.any(Number),
      throttledInFirstMinute: expect.any(Number),
      settleMs: expect.anything(),
      maxDepth: null,
    });
    expect(one["accepted"]).toBeLessThanOrEqual(20 * 50 + 10);
    expect(again).toEqual(one);
    expect({ ...other, seed: 1 }).not.toEqual(one);
  });

  test("tells people the same in words", async () => {
    const { code, stdout } = await headgate([...brief, "--demand", "20"]);
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /^goodput +\d+(\.\d)?% of what the API accepts, whatever was asked for\ncalls .+\nthrottled .+\ntime to settle .+\ndepth +\d+ at most\n$/,
    );
  });

  test("below the API's limit all that arrives is accepted, and the depth stays small", async () => {
    const { accepted, throttled, maxDepth } = await figures("--demand", "20");
    expect(throttled).toBeLessThanOrEqual(20);
    expect(accepted).toBeGreaterThan(300);
    expect(maxDepth).toBeLessThan(100);
  });

  test("knows a limiter of the config: a fleet that is told the limit of 1000/s stays below an API of 2000/s", async () => {
    const told = await figures(
      "--rate",
      "2000",
      "--burst",
      "100",
      "--config",
      fixture("headgate.config.ts"),
      "--limiter",
      "api",
    );
    // Its concurrency of 20 binds first: 20 calls of 175 ms each.
    expect(told).toMatchObject({ throttled: 0 });
    expect(told["calls"]).toBeLessThan((20 * 20) / 0.175 + 20);
  });

  test("leaves nothing behind in Redis", async () => {
    const client = new Redis(process.env["REDIS_URL"] ?? "");
    await figures();
    const left = await client.keys("*simulate-*");
    client.disconnect();
    expect(left).toEqual([]);
  });

  test.each([
    [["--api", "leaky"], "HG_USAGE", "Expected one of: token-bucket, fixed-window, sliding-window, concurrency"],
    [["--latency", "300-50ms"], "HG_USAGE", "Expected milliseconds such as 50-300ms"],
    [["--rate", "0"], "HG_USAGE", "Expected a number above 0"],
    [["--limiter", "nobody"], "HG_TARGET_UNKNOWN", '"nobody" is not in the config'],
    [["--redis", "http://127.0.0.1"], "HG_USAGE", "--redis is no Redis URL"],
  ])("refuses %o with exit code 2", async (args, errorCode, message) => {
    const { code, stdout, stderr } = await headgate(["simulate", ...args]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toContain(errorCode);
    expect(stderr).toContain(message);
  });

  test("ends with 3 where no Redis answers", async () => {
    const { code, stderr } = await headgate(["simulate", "--redis", "redis://127.0.0.1:1"]);
    expect(code).toBe(3);
    expect(stderr).toContain("HG_REDIS_UNREACHABLE");
  });
});
