import { expect, test } from "vitest";
import { summaryText } from "../src/enqueue/summary-text.ts";
import { isComplete, Tally } from "../src/enqueue/tally.ts";

const rest = { queue: "letters", waitedMs: 1500, seconds: 3, interrupted: false, error: null };

test("every line ends in exactly one count", () => {
  const tally = new Tally();
  tally.add(1, { kind: "accepted" });
  tally.add(2, { kind: "duplicate" });
  tally.add(3, { kind: "refused", reason: "full", retryAfterMs: 10 });
  tally.add(4, { kind: "invalid", why: "not JSON" });
  tally.add(5, { kind: "unknown" });
  const summary = tally.summary(rest);
  expect(summary).toMatchObject({
    lines: 5,
    accepted: 1,
    duplicates: 1,
    refused: 1,
    refusedBy: { full: 1 },
    invalid: 1,
    unknown: 1,
  });
  expect(summary.invalidLines).toEqual([{ line: 4, why: "not JSON" }]);
  expect(isComplete(summary)).toBe(false);
});

test("a long list of bad lines is cut, the count is not", () => {
  const tally = new Tally();
  for (let line = 1; line <= 250; line += 1) tally.add(line, { kind: "invalid", why: "not JSON" });
  const summary = tally.summary(rest);
  expect(summary.invalid).toBe(250);
  expect(summary.invalidLines).toHaveLength(100);
  expect(summaryText(summary)).toContain("invalid lines: 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, …");
});

test("accepted and duplicates alone are complete", () => {
  const tally = new Tally();
  tally.add(1, { kind: "accepted" });
  tally.add(2, { kind: "duplicate" });
  const summary = tally.summary(rest);
  expect(isComplete(summary)).toBe(true);
  expect(summaryText(summary).split("\n")).toEqual([
    "letters: 1 accepted, 1 duplicates, 0 refused, 0 invalid, waited 1s of 3s",
    expect.stringMatching(/^duplicates: their ids are known, .* headgate failed letters retry\)$/),
  ]);
});

test("knows the line before which everything is dealt with, in whatever order lines end", () => {
  const tally = new Tally();
  tally.startAt(10);
  for (const line of [12, 10, 14, 11]) tally.add(line, { kind: "accepted" });
  tally.pass(13);
  tally.add(15, { kind: "unknown" });
  tally.add(16, { kind: "accepted" });
  const stopped = tally.summary({ ...rest, interrupted: true });
  expect(stopped.resumeFromLine).toBe(15);
  const text = summaryText(stopped);
  expect(text).toContain(
    "stopped: every line up to 14 is dealt with; 1 lines after it were cut off, some of them may be in",
  );
  expect(text).toContain("go on:   the same command with --from-line 15; what is in already counts as a duplicate");
  expect(summaryText({ ...stopped, withoutId: 3 })).toContain("those that are in already come twice");
  expect(tally.summary(rest).resumeFromLine).toBeNull();
});
