import { expect, test } from "vitest";
import { redactor, redactUrl } from "../src/output/redact.ts";

test.each([
  ["redis://:hunter2@host:6379/0", "redis://***@host:6379/0"],
  ["rediss://me:hunter2@host", "rediss://***@host"],
  ["cannot reach redis://me:hunter2@host, giving up", "cannot reach redis://***@host, giving up"],
  ["redis://host:6379?password=hunter2&db=1", "redis://host:6379?password=***&db=1"],
  ["redis://host:6379", "redis://host:6379"],
  ["expected redis://[user:password@]host, got foo", "expected redis://[user:password@]host, got foo"],
])("%s", (text, clean) => {
  expect(redactUrl(text)).toBe(clean);
});

test("known secrets are masked wherever they turn up, longer ones first", () => {
  const redact = redactor(["hunter", "hunter2", ""]);
  expect(redact("WRONGPASS hunter2 for user hunter")).toBe("WRONGPASS *** for user ***");
});
