import type { Pulse } from "headgate/worker";
import { expect, test } from "vitest";
import { isAlive, readinessOf } from "../src/worker/readiness.ts";

const NOW = 1_000_000;
const pulse = (over: Partial<Pulse> = {}): Pulse => ({
  queue: "mail",
  state: "running",
  slots: 5,
  busy: 0,
  lastFetchAt: NOW - 1_000,
  ...over,
});
const member = (pulses: Pulse[], heardAt = NOW) => ({ pulses, heardAt });

test.each([
  ["a loop that turns", [member([pulse()])], true],
  [
    "a loop that stands still, whatever Redis answers to others",
    [member([pulse({ lastFetchAt: NOW - 20_000 })])],
    false,
  ],
  ["nothing to fetch for: every slot is busy", [member([pulse({ lastFetchAt: NOW - 60_000, busy: 5 })])], true],
  ["a start without its first answer", [member([pulse({ lastFetchAt: 0, busy: 5 })])], false],
  ["one of two that is draining", [member([pulse({ state: "draining" })]), member([pulse()])], true],
  ["a process that says nothing any more", [member([pulse()], NOW - 11_000)], false],
  ["no process", [], false],
])("%s", (_, members, ready) => {
  expect(readinessOf(["mail"], members, false, NOW).ready).toBe(ready);
});

test("every queue needs a worker, and the one that has none is named", () => {
  expect(readinessOf(["mail", "post"], [member([pulse()])], false, NOW)).toEqual({ ready: false, waiting: ["post"] });
});

test("never while it drains", () => {
  expect(readinessOf(["mail"], [member([pulse()])], true, NOW)).toEqual({ ready: false, waiting: [] });
});

test("alive until nothing has been heard of any process for a minute", () => {
  expect(isAlive([member([], NOW - 59_000), member([], NOW - 90_000)], 0, NOW)).toBe(true);
  expect(isAlive([member([], NOW - 61_000)], 0, NOW)).toBe(false);
  expect(isAlive([], NOW - 1_000, NOW)).toBe(true);
});
