import { beforeEach, expect, test } from "vitest";
import { headgate, ownNamespace, startHeadgate } from "./support/headgate.ts";

let environment: Record<string, string>;
beforeEach(() => {
  environment = { TEST_NAMESPACE: ownNamespace() };
});

test("--json is one object with every limiter and queue of the config, as documented", async () => {
  const { code, stdout } = await headgate(["status", "--json"], { environment });
  expect(code).toBe(0);
  const status: unknown = JSON.parse(stdout);
  expect(status).toEqual({
    at: expect.any(Number),
    limiters: [
      {
        limiter: "api",
        rate: expect.any(Number),
        phase: expect.any(String),
        adaptive: true,
        gate: { closed: false, until: null, reason: null, remainingMs: 0, halfOpen: false },
        learned: null,
        inFlight: 0,
        concurrency: 20,
        limits: [
          { unit: "requests", amount: 1000, perMs: 1000, burst: expect.any(Number), remaining: expect.any(Number) },
        ],
        acceptedPerSecond: 0,
        throttledPerSecond: 0,
        throttledShare: 0,
        totals: { granted: 0, ok: 0, throttled: 0, failed: 0, released: 0, refused: 0, expired: 0 },
        shutMs: 0,
        queues: expect.any(Array),
        overridden: false,
        disagreement: null,
      },
      expect.objectContaining({ limiter: "small", concurrency: null, limits: [] }),
    ],
    queues: [
      {
        queue: "letters",
        limiter: "api",
        depth: 0,
        capacity: 10_000,
        level: "open",
        reason: null,
        since: expect.any(Number),
        overCapacity: 0,
        reviewAt: null,
        drainPerSecond: 0,
        oldestJobAgeMs: null,
        retryAfterMs: expect.any(Number),
        counts: {
          wait: 0,
          prioritized: 0,
          delayed: 0,
          active: 0,
          "waiting-children": 0,
          paused: 0,
          completed: 0,
          failed: 0,
        },
        skipped: 0,
        paused: false,
        pauseReason: null,
        version: 0,
        disagreement: null,
      },
      expect.objectContaining({ queue: "slowly" }),
      expect.objectContaining({ queue: "small", capacity: 3 }),
    ],
  });
});

test("people get two tables, without colour into a pipe, and with it when forced", async () => {
  const plain = await headgate(["status"], { environment });
  expect(plain.code).toBe(0);
  expect(plain.stdout).toMatch(/^LIMITER +RATE\/S +PHASE +GATE/m);
  expect(plain.stdout).toMatch(/^letters +open +0\/10,000/m);
  expect(plain.stdout).not.toContain("\u001b[");
  const forced = await headgate(["status"], { environment: { ...environment, FORCE_COLOR: "1" } });
  expect(forced.stdout).toContain("\u001b[32mopen");
  const refused = await headgate(["status"], { environment: { ...environment, FORCE_COLOR: "1", NO_COLOR: "1" } });
  expect(refused.stdout).not.toContain("\u001b[");
});

test("--watch into a pipe prints lines until a signal, then ends with 0", async () => {
  const running = startHeadgate(["status", "--watch", "--interval-ms", "100"], { environment });
  await headgate(["enqueue", "letters"], { input: '{"doc":"a"}\n', environment });
  await running.line("stdout", /queue=letters level=open depth=1\/10000/);
  running.process.kill("SIGINT");
  const { code, stdout } = await running.ended;
  expect(code).toBe(0);
  expect(stdout).not.toContain("\u001b[");
});

test("--watch whose reader leaves ends quietly", async () => {
  const running = startHeadgate(["status", "--watch", "--interval-ms", "100", "--json"], { environment });
  await running.line("stdout", /"at"/);
  running.process.stdout?.destroy();
  const { code, stderr } = await running.ended;
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
});
