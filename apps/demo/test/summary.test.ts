import { describe, expect, it } from "vitest";
import { isClean, type Outcome, summarize } from "../src/summary.ts";

const account = { seconds: 10, accepted: 4, throttled: 1, offered: 5 };
const result = (id: string): Outcome["results"][number] => ({ id, terms: [{ term: "queue" }] });

const outcome = (changed: Partial<Outcome> = {}): Outcome => ({
  accepted: ["a", "b", "c"],
  failedIds: [],
  failed: 0,
  results: ["a", "b", "c"].map(result),
  api: {
    firstCallAt: 0,
    lastAcceptedAt: 9,
    perSecond: 50,
    lastSecond: { accepted: 0, throttled: 0 },
    account,
    repeated: 0,
  },
  whileBusy: account,
  producer: { enqueued: 3, waitedMs: 12.4, waitingSince: null, longestWaitMs: 5, level: "open", levelChanges: 2 },
  capacity: 200,
  maxDepth: 160,
  deferred: 1,
  seconds: 11,
  file: "results.ndjson",
  ...changed,
});

describe("the summary", () => {
  it("is clean when every accepted job was done once", () => {
    const summary = summarize(outcome());
    expect(summary).toMatchObject({ enqueued: 3, completed: 3, lost: 0, duplicates: 0, calls: 5, goodput: 0.8 });
    expect(isClean(summary)).toBe(true);
  });

  it.each<[string, Partial<Outcome>, object]>([
    ["a job without a result", { results: ["a", "b"].map(result) }, { lost: 1, completed: 2 }],
    ["a job that failed", { results: ["a", "b"].map(result), failedIds: ["c"], failed: 1 }, { lost: 0, failed: 1 }],
    ["a failure that only Redis knows of", { failed: 1 }, { failed: 1 }],
    ["a result that came twice", { results: ["a", "b", "c", "c"].map(result) }, { duplicates: 1, completed: 3 }],
    ["a document answered twice", { api: { ...outcome().api, repeated: 2 } }, { duplicates: 2 }],
    ["a queue longer than it may be", { maxDepth: 201 }, { maxDepth: 201 }],
  ])("is not clean with %s", (_, changed, expected) => {
    const summary = summarize(outcome(changed));
    expect(summary).toMatchObject(expected);
    expect(isClean(summary)).toBe(false);
  });
});
