import { describe, expect, test } from "vitest";
import { parseLine } from "../src/enqueue/parse-line.ts";

const plain = { envelope: false, idField: undefined };
const enveloped = { envelope: true, idField: undefined };
const withId = { envelope: false, idField: "doc" };

describe("a line is the payload", () => {
  test.each(['{"a":1}', "[1,2]", '"text"', "null", "7"])("%s", (text) => {
    expect(parseLine(text, plain)).toEqual({ kind: "job", job: { payload: JSON.parse(text) } });
  });

  test("blank lines are no jobs", () => {
    expect(parseLine("  \t", plain)).toEqual({ kind: "blank" });
  });

  test("what is not JSON says so", () => {
    expect(parseLine("{oops", plain)).toMatchObject({ kind: "invalid", why: expect.stringMatching(/^not JSON: /) });
  });
});

describe("an envelope", () => {
  test("carries id and priority", () => {
    expect(parseLine('{"id":"a","priority":3,"payload":{"x":1}}', enveloped)).toEqual({
      kind: "job",
      job: { payload: { x: 1 }, id: "a", priority: 3 },
    });
  });

  test("may hold a null payload, but not none", () => {
    expect(parseLine('{"payload":null}', enveloped)).toEqual({ kind: "job", job: { payload: null } });
    expect(parseLine('{"id":"a"}', enveloped)).toMatchObject({
      kind: "invalid",
      why: expect.stringContaining("payload is missing"),
    });
  });

  test.each([
    ['{"payload":1,"priority":0}', /priority: expected at least 1/],
    ['{"payload":1,"priority":2097152}', /priority: expected at most 2097151/],
    ['{"payload":1,"priority":1.5}', /priority: expected a whole number/],
    ['{"payload":1,"id":7}', /id: expected a string/],
    ['{"payload":1,"colour":2}', /colour/],
    ["[1]", /no envelope/],
  ])("%s is invalid", (text, why) => {
    expect(parseLine(text, enveloped)).toMatchObject({ kind: "invalid", why: expect.stringMatching(why) });
  });
});

describe("an id field", () => {
  test.each([
    ['{"doc":"a"}', "a"],
    ['{"doc":12}', "12"],
  ])("%s", (text, id) => {
    expect(parseLine(text, withId)).toMatchObject({ kind: "job", job: { id } });
  });

  test.each(['{"other":1}', '{"doc":""}', '{"doc":1.5}', '{"doc":9007199254740993}', '"doc"', "null"])(
    "%s has none",
    (text) => {
      expect(parseLine(text, withId)).toMatchObject({ kind: "invalid", why: expect.stringContaining('"doc"') });
    },
  );
});
