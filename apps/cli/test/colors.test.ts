import { expect, test } from "vitest";
import { wantsColor } from "../src/output/output.ts";

test.each([
  [true, {}, true],
  [false, {}, false],
  [true, { TERM: "dumb" }, false],
  [true, { NO_COLOR: "1" }, false],
  [true, { NO_COLOR: "" }, true],
  [false, { FORCE_COLOR: "1" }, true],
  [true, { FORCE_COLOR: "1", NO_COLOR: "1" }, false],
])("terminal %s with %o: %s", (isTTY, environment, expected) => {
  expect(wantsColor({ isTTY }, environment)).toBe(expected);
});
