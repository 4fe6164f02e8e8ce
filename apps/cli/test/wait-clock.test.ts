import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { waitClock } from "../src/enqueue/wait-clock.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const clockAt = () => waitClock(() => Date.now());
const after = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

test("a round trip is no wait", async () => {
  const clock = clockAt();
  const admission = clock.watch(after(40));
  await vi.advanceTimersByTimeAsync(40);
  await admission;
  expect(clock.totalMs()).toBe(0);
});

test("waits that overlap count once, as wall time", async () => {
  const clock = clockAt();
  const admissions = [clock.watch(after(1050)), clock.watch(after(2050))];
  await vi.advanceTimersByTimeAsync(1000);
  expect(clock.waiting()).toBe(2);
  expect(clock.totalMs()).toBe(950);
  await vi.advanceTimersByTimeAsync(1050);
  await Promise.all(admissions);
  expect(clock.waiting()).toBe(0);
  expect(clock.totalMs()).toBe(2000);
});

test("an admission that fails ends its wait", async () => {
  const clock = clockAt();
  const admission = clock.watch(after(500).then(() => Promise.reject(new Error("gone"))));
  const seen = expect(admission).rejects.toThrow("gone");
  await vi.advanceTimersByTimeAsync(500);
  await seen;
  expect(clock.waiting()).toBe(0);
});
