import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { defineQueue } from "../../src/define/queue.ts";
import { type ErrorCode, errorTable, HeadgateError, headgateError, isHeadgateError } from "../../src/errors.ts";

const page = readFileSync(fileURLToPath(new URL("../../../../docs/errors.md", import.meta.url)), "utf8");
const codes = Object.keys(errorTable) as ErrorCode[];
const sections = new Map(
  page
    .split(/^## /m)
    .slice(1)
    .map((section) => [section.slice(0, section.indexOf("\n")).trim(), section]),
);

describe("the table and docs/errors.md", () => {
  it.each(codes)("%s is explained", (code) => {
    expect(sections.get(code), "a section in docs/errors.md").toBeDefined();
  });

  it.each([...sections.keys()])("%s of the page is in the table", (code) => {
    expect(codes).toContain(code);
  });

  it("say in every section when it happens and what to do", () => {
    for (const [code, section] of sections) {
      expect(section, code).toMatch(/\*\*When:\*\* \S/);
      expect(section, code).toMatch(/\*\*What to do:\*\* \S/);
    }
  });

  it.each(codes)("say the same of %s", (code) => {
    expect(sections.get(code)).toContain(`**Says:** ${errorTable[code].summary}`);
  });

  it("explain each code once: one When, one Says, one What to do", () => {
    for (const [code, section] of sections) {
      expect(section.match(/^\*\*[^*]+:\*\*/gm), code).toEqual(["**When:**", "**Says:**", "**What to do:**"]);
    }
  });

  it("show a message as it really is", () => {
    expect(() => defineQueue("mail", { capacity: 0 })).toThrow(
      expect.objectContaining({ message: /^```\n(HG_OPTION_INVALID.*)$/m.exec(page)?.[1] }),
    );
  });

  it("name each code once", () => {
    expect(page.match(/^## /gm)).toHaveLength(sections.size);
  });
});

describe("an error", () => {
  it("says the code, what it is about, expected, got and the fix", () => {
    const error = headgateError("HG_OPTION_INVALID", { what: "thing.size", expected: "1 to 3", got: 7 });
    expect(error.message).toBe(
      "HG_OPTION_INVALID: thing.size: An option is not what it has to be — expected 1 to 3, got 7. Correct the option named in the message.",
    );
    expect(error).toMatchObject({ name: "HeadgateError", code: "HG_OPTION_INVALID", expected: "1 to 3", got: "7" });
  });

  it("takes a fix of the occasion instead of the table's, and keeps its cause", () => {
    const cause = new Error("below");
    const error = headgateError("HG_CLOSED", { fix: "Do this.", cause });
    expect(error.message).toContain("Do this.");
    expect(error.fix).toBe("Do this.");
    expect(error.cause).toBe(cause);
    expect(headgateError("HG_CLOSED")).not.toHaveProperty("cause");
  });

  it("shows no more than 200 characters of what it got", () => {
    expect(headgateError("HG_ID_INVALID", { got: "x".repeat(5_000) }).got).toHaveLength(201);
  });

  it("is one line, whatever is in it: no forged log line, no terminal control", () => {
    expect(headgateError("HG_JOB_NOT_FOUND", { got: "a\n[31mb\u001b[0m" }).message).not.toMatch(/\p{Cc}/u);
  });

  it("runs no code of the value that it shows", () => {
    const inspected = {
      [Symbol.for("nodejs.util.inspect.custom")]: () => {
        throw new Error("ran");
      },
    };
    expect(headgateError("HG_OPTION_INVALID", { got: inspected }).got).toContain("{");
  });

  it("carries id and outcome of an enqueue", () => {
    const error = headgateError("HG_REDIS_UNAVAILABLE", { details: { id: "a", outcome: "unknown" } });
    expect(error).toMatchObject({ id: "a", outcome: "unknown" });
  });

  it("is recognised by its brand and code, also when it comes from another copy of the package", () => {
    const foreign = Object.assign(new Error("x"), { code: "HG_CLOSED", [Symbol.for("headgate.error")]: true });
    expect(foreign).not.toBeInstanceOf(HeadgateError);
    expect(isHeadgateError(foreign)).toBe(true);
    expect(isHeadgateError(foreign, "HG_CLOSED")).toBe(true);
    expect(isHeadgateError(foreign, "HG_USAGE")).toBe(false);
  });

  it.each([null, undefined, "HG_CLOSED", new Error("HG_CLOSED"), { code: "HG_CLOSED" }])("is not %s", (value) => {
    expect(isHeadgateError(value)).toBe(false);
  });
});
