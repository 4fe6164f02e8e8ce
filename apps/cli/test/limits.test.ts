import { beforeEach, expect, test } from "vitest";
import { headgate, ownNamespace } from "./support/headgate.ts";

let environment: Record<string, string>;
beforeEach(() => {
  environment = { TEST_NAMESPACE: ownNamespace() };
});

const limits = (...args: string[]) => headgate(["limits", "api", ...args], { environment });

test("are shown, set, kept where a change does not name them, and cleared", async () => {
  const shown = await limits();
  expect(shown.code).toBe(0);
  expect(shown.stdout).toMatch(/^api: as the code declares them; paced at 1,000\/s$/m);
  expect(shown.stdout).toMatch(/^ {2}1,000 requests per 1s, burst 20; 20 left now$/m);
  expect(shown.stdout).toMatch(/^ {2}concurrency 20; 0 in flight$/m);

  await limits("--limit", "requests=500/1m", "--limit", "tokens=90000/1m,burst=2000");
  const set = await limits("--concurrency", "7");
  expect(set.code).toBe(0);
  expect(set.stdout).toMatch(/^api: set by an operator/m);
  expect(set.stdout).toMatch(/^ {2}500 requests per 1m, burst 1; /m);
  expect(set.stdout).toMatch(/^ {2}90,000 tokens per 1m, burst 2,000; /m);
  expect(set.stdout).toMatch(/^ {2}concurrency 7; /m);
  expect(set.stdout).toContain("the code says: 1,000 requests per 1s, concurrency 20");

  expect((await limits("--concurrency", "none")).stdout).toMatch(/^ {2}concurrency without a bound; /m);
  expect((await limits("--clear")).stdout).toBe(shown.stdout);
});

test("--json is one object with what holds and what the code declares", async () => {
  const { code, stdout } = await limits("--limit", "requests=10/1s", "--json");
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toEqual({
    limiter: "api",
    overridden: true,
    limits: [{ unit: "requests", amount: 10, perMs: 1000, burst: 1, remaining: expect.any(Number) }],
    concurrency: 20,
    rate: expect.any(Number),
    inFlight: 0,
    declared: { limits: [{ unit: "requests", amount: 1000, perMs: 1000, burst: 20 }], concurrency: 20 },
  });
});

test.each([
  [["--limit", "500 a minute"], "HG_USAGE"],
  [["--limit", "requests=0/1m"], "HG_OPTION_INVALID"],
  [["--limit", "requests=5/soon"], "HG_OPTION_INVALID"],
  [["--concurrency", "0"], "HG_USAGE"],
  [["--clear", "--concurrency", "3"], "HG_USAGE"],
])("%o changes nothing and ends with 2", async (args, expected) => {
  const { code, stderr } = await limits(...args);
  expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining(expected) });
  expect(JSON.parse((await limits("--json")).stdout)).toMatchObject({ overridden: false });
});

test("of a limiter that the config does not name are unknown", async () => {
  const { code, stderr } = await headgate(["limits", "nobody"], { environment });
  expect(code).toBe(2);
  expect(stderr).toContain("HG_TARGET_UNKNOWN");
});
