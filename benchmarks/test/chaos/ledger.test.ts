import { describe, expect, it } from "vitest";
import { mostInASecond, openLedger } from "../../src/chaos/ledger.ts";

describe("the ledger", () => {
  it("lets in so many in any second, and remembers who came and who was refused", async () => {
    const ledger = await openLedger(3, 1);
    try {
      const answers: number[] = [];
      for (const id of ["a", "b", "a", "c"])
        answers.push((await fetch(`${ledger.url}/${id}`, { method: "POST" })).status);
      expect(answers).toEqual([200, 200, 200, 429]);
      expect([...ledger.calls]).toEqual([
        ["a", 2],
        ["b", 1],
      ]);
      expect(ledger.accepted).toHaveLength(3);
      expect(ledger.throttled).toHaveLength(1);
    } finally {
      ledger.close();
    }
  });

  it.each([
    [[], 0],
    [[0], 1],
    [[0, 999, 1_000], 2],
    [[0, 100, 1_050, 1_090, 5_000], 3],
  ])("most in any second of %j is %i", (times, most) => {
    expect(mostInASecond(times)).toBe(most);
  });
});
