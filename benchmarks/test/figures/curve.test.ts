import { describe, expect, it } from "vitest";
import { binMs, curve } from "../../src/figures/curve.ts";
import { between } from "../../src/figures/markdown.ts";

describe("a curve", () => {
  it("is calls per second, by bins", () => {
    expect(curve([1, 2, 3, 4, 5], 100, 200)).toEqual([
      [0.1, 15],
      [0.3, 35],
    ]);
  });

  it("has bins of a second, and wider ones where calls are few", () => {
    expect(binMs(new Array(600).fill(10), 100)).toBe(1_000);
    expect(binMs(new Array(600).fill(0.1), 100)).toBe(6_000);
    expect(binMs(new Array(1_800).fill(1 / 30), 100)).toBe(18_000);
  });
});

describe("the page", () => {
  it("must have both markers, in order", () => {
    expect(() => between("<!-- goodput:end --><!-- goodput:begin -->", "x")).toThrow(/expected <!-- goodput:begin -->/);
  });
});
