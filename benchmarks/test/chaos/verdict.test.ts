import { expect, it } from "vitest";
import { longestGap } from "../../src/chaos/ledger.ts";
import { mostTroubleInASecond } from "../../src/chaos/troubles.ts";
import { atMost, exactly, tableOf } from "../../src/chaos/verdict.ts";

it("says of each figure what was wanted, and whether it is met", () => {
  const verdicts = [exactly("lost", 0, 0), atMost("dip", 31.5, 30, " %")];
  expect(tableOf({ roll: { figures: {}, verdicts } })).toBe(
    [
      "experiment  what  measured  wanted",
      "roll        lost  0         0        met",
      "            dip   31.5 %    <= 30 %  MISSED",
    ].join("\n"),
  );
});

it("counts lines of one kind of trouble in a second, those of the end left out", () => {
  const log = [
    "12:00:00.000 error calls error=Error:ECONNRESET",
    "12:00:00.500 stalled calls id=a",
    "12:00:00.900 error calls error=ReplyError:READONLY",
    "12:00:00.999 error calls error=ReplyError:READONLY suppressed=3",
    "12:00:01.899 error calls error=ReplyError:READONLY",
    "12:00:05.000 draining calls signal=SIGTERM",
    "12:00:05.001 error calls error=ReplyError:READONLY",
    "12:00:05.001 error calls error=ReplyError:READONLY",
    "12:00:05.001 error calls error=ReplyError:READONLY",
  ].join("\n");
  expect(mostTroubleInASecond(log)).toBe(3);
  expect(mostTroubleInASecond("12:00:00.000 ready calls")).toBe(0);
});

it("finds the longest gap", () => {
  expect(longestGap([0, 10, 50, 60])).toBe(40);
  expect(longestGap([])).toBe(0);
});
