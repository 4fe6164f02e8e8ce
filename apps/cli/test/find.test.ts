import { expect, test } from "vitest";
import { findConfig } from "../src/config/find.ts";

const only =
  (...paths: string[]) =>
  (path: string) =>
    paths.includes(path);

test("the nearest config upwards is taken", () => {
  const exists = only("/a/headgate.config.js", "/a/b/headgate.config.mts");
  expect(findConfig("/a/b/c", undefined, exists)).toBe("/a/b/headgate.config.mts");
  expect(findConfig("/a/x", undefined, exists)).toBe("/a/headgate.config.js");
});

test("TypeScript comes before JavaScript in one folder", () => {
  const exists = only("/a/headgate.config.mjs", "/a/headgate.config.ts");
  expect(findConfig("/a", undefined, exists)).toBe("/a/headgate.config.ts");
});

test("a named config is taken relative to the working directory, and nothing else is looked for", () => {
  const exists = only("/a/headgate.config.ts", "/a/other.ts");
  expect(findConfig("/a", "other.ts", exists)).toBe("/a/other.ts");
  expect(() => findConfig("/a", "missing.ts", exists)).toThrow(
    expect.objectContaining({ code: "HG_CONFIG_NOT_FOUND", got: "missing.ts" }),
  );
});

test("none up to the root is a coded error that says where it looked", () => {
  expect(() => findConfig("/a/b", undefined, () => false)).toThrow(
    expect.objectContaining({ code: "HG_CONFIG_NOT_FOUND", message: expect.stringContaining("/a/b") }),
  );
});
