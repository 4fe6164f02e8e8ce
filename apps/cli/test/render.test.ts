import { stripVTControlCharacters } from "node:util";
import type { LimiterStatus, QueueStatus } from "headgate/control";
import pc from "picocolors";
import stringWidth from "string-width";
import { expect, test } from "vitest";
import type { Status } from "../src/status/read.ts";
import { renderStatus, summaryText } from "../src/status/render.ts";

const plain = pc.createColors(false);

const limiter = (given: Partial<LimiterStatus> = {}): LimiterStatus => ({
  limiter: "openai",
  rate: 60,
  phase: "steady",
  adaptive: true,
  gate: { closed: false, until: null, remainingMs: 0, reason: null, halfOpen: false },
  learned: null,
  inFlight: 12,
  concurrency: 50,
  limits: [{ unit: "requests", amount: 60, perMs: 1_000, burst: 2, remaining: 0 }],
  acceptedPerSecond: 30,
  throttledPerSecond: 0,
  throttledShare: 0,
  totals: { granted: 0, ok: 0, throttled: 0, failed: 0, released: 0, refused: 0, expired: 0 },
  shutMs: 0,
  queues: [],
  overridden: false,
  disagreement: null,
  ...given,
});

const counts = {
  wait: 0,
  paused: 0,
  prioritized: 0,
  delayed: 0,
  active: 0,
  "waiting-children": 0,
  completed: 0,
  failed: 0,
};
const queue = (name: string, given: Partial<QueueStatus> = {}): QueueStatus => ({
  queue: name,
  limiter: "openai",
  depth: 0,
  capacity: 100,
  overCapacity: 0,
  level: "open",
  reason: null,
  since: 0,
  version: 0,
  reviewAt: null,
  drainPerSecond: 0,
  oldestJobAgeMs: null,
  retryAfterMs: 0,
  counts,
  skipped: 0,
  paused: false,
  pauseReason: null,
  disagreement: null,
  ...given,
});

const shut = { closed: true, until: 1, remainingMs: 12_000, reason: "throttled", halfOpen: false };
const fifty: Status = {
  at: 0,
  limiters: [
    limiter(),
    limiter({ limiter: "a-limiter-with-a-name-as-long-as-sixty-four-letters-may-be-at-most", gate: shut }),
  ],
  queues: [
    ...Array.from({ length: 48 }, (_, index) => queue(`tenant-${index}`)),
    queue("a-queue-whose-name-is-as-long-as-sixty-four-letters-may-be-at-most", {
      level: "closed",
      reason: "gate",
      depth: 80,
      retryAfterMs: 12_000,
    }),
    queue("paused", { paused: true, level: "closed", reason: "operator", pauseReason: "spring cleaning" }),
  ],
};

test.each([
  [40, 10],
  [40, 24],
  [80, 24],
  [120, 40],
  [200, 100],
])("fifty queues fit into %d columns and %d rows, and what is in trouble is among them", (columns, rows) => {
  const lines = renderStatus(fifty, { colors: plain, columns, rows, trend: () => [1, 2, 3] });
  expect(lines.length).toBeLessThanOrEqual(rows);
  for (const line of lines) expect(stringWidth(line)).toBeLessThanOrEqual(columns);
  const text = lines.join("\n");
  expect(text).toMatch(/^a-queue.* closed /m);
  expect(text).toMatch(/^paused +paused /m);
  expect(text).toMatch(/^a-limiter.* shut 12s/m);
  if (rows < 50) expect(text).toMatch(/… and \d+ more queues, all open, 0 jobs/);
});

test("says why: the gate and its cause, how full, when producers are to come back, the operator's words", () => {
  const text = renderStatus(fifty, { colors: plain, columns: 160 }).join("\n");
  expect(text).toMatch(/shut 12s .* throttled$/m);
  expect(text).toMatch(/80\/100 .* gate shut, back in 12s$/m);
  expect(text).toMatch(/^paused .* spring cleaning$/m);
  const depth = queue("q", { level: "slow", reason: "depth", depth: 52 });
  expect(renderStatus({ ...fifty, queues: [depth] }, { colors: plain }).at(-1)).toMatch(/52% full$/);
  const owing = limiter({ limits: [{ unit: "tokens", amount: 10_000, perMs: 60_000, burst: 20, remaining: -4_000 }] });
  expect(renderStatus({ ...fifty, limiters: [owing] }, { colors: plain })[1]).toMatch(/4,000 tokens owed$/);
});

test("a gate that is shut without an end counts nothing down", () => {
  const forEver = limiter({ gate: { ...shut, remainingMs: 31_535_999_000, reason: "budget" } });
  expect(renderStatus({ ...fifty, limiters: [forEver] }, { colors: plain })[1]).toMatch(/ shut {2,}.*budget$/);
});

test("the line above counts what is not open, in colour, within the width", () => {
  expect(summaryText(fifty, plain, 80)).toBe("1 gate shut · 1 closed · 1 paused");
  expect(summaryText(fifty, plain, 24)).toBe("1 gate shut · 1 closed");
  expect(summaryText({ ...fifty, limiters: [limiter()], queues: [queue("q")] }, plain, 80)).toBe("all open");
  const coloured = summaryText(fifty, pc.createColors(true), 80);
  expect(coloured).toContain("\u001b[31m1 gate shut");
  expect(stripVTControlCharacters(coloured)).toBe("1 gate shut · 1 closed · 1 paused");
});
