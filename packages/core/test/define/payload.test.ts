import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { parsePayload, serializePayload } from "../../src/define/payload.ts";
import { defineQueue } from "../../src/define/queue.ts";
import type { StandardSchema } from "../../src/define/standard-schema.ts";
import { HeadgateError } from "../../src/errors.ts";

/** JSON has one zero only. */
const withoutMinusZero = (value: unknown): unknown => {
  if (typeof value === "number") return value === 0 ? 0 : value;
  if (Array.isArray(value)) return value.map(withoutMinusZero);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, withoutMinusZero(part)]));
};

async function thrownBy(run: () => unknown): Promise<HeadgateError> {
  try {
    await run();
  } catch (error) {
    if (error instanceof HeadgateError) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}

const SECRET = "sk-live-4242424242";

/** A schema of some other library than zod. */
const schemaOf = (validate: (value: unknown) => unknown): StandardSchema => ({
  "~standard": { version: 1, vendor: "other", validate: validate as StandardSchema["~standard"]["validate"] },
});

describe("parsing a payload", () => {
  const queue = defineQueue("q", {
    payload: z.object({ user: z.object({ card: z.number() }), tag: z.string().default("none") }),
  });

  it("gives the schema's output, at once where the schema is synchronous", () => {
    expect(parsePayload(queue, { user: { card: 1 } })).toEqual({ user: { card: 1 }, tag: "none" });
  });

  it("says where it is wrong and what was expected, and never the value", async () => {
    const error = await thrownBy(() => parsePayload(queue, { user: { card: SECRET } }));
    expect(error.code).toBe("HG_PAYLOAD_INVALID");
    expect(error.message).toContain('queue "q".user.card');
    expect(error).toMatchObject({ expected: "number", got: "string" });
    expect(JSON.stringify({ ...error, message: error.message, stack: error.stack })).not.toContain(SECRET);
    expect(error.cause).toBeUndefined();
  });

  it.each([
    ["an enum", z.enum(["a", "b"])],
    ["a literal", z.literal("a")],
    ["a union", z.union([z.number(), z.boolean()])],
    ["a pattern", z.string().regex(/^x/)],
    ["an email", z.email()],
    ["a length", z.string().max(3)],
    ["a strict object", z.strictObject({})],
    ["a strict object with the value as key", z.strictObject({ a: z.number().optional() })],
    ["a check whose author quotes the value", z.string().refine(() => false, { error: ({ input }) => `bad ${input}` })],
    [
      "a library that quotes the value",
      schemaOf((value) => ({ issues: [{ message: `must be a number (was "${value}")` }] })),
    ],
  ])("nor does %s show it", async (_, schema) => {
    const strict = defineQueue("q", { payload: schema as StandardSchema });
    const value = schema instanceof z.ZodObject ? { [SECRET]: SECRET } : SECRET;
    const error = await thrownBy(() => parsePayload(strict, value));
    expect(error.code).toBe("HG_PAYLOAD_INVALID");
    expect(error.got).toBe(typeof value);
    expect(`${error.message} ${error.got} ${error.expected} ${JSON.stringify(error.details)}`).not.toContain(SECRET);
  });

  it.each<[string, z.ZodType, unknown, string, string]>([
    ["a type", z.object({ a: z.number() }), { a: [] }, "number", "array"],
    ["a missing field", z.object({ a: z.number() }), {}, "number", "nothing"],
    ["null", z.string(), null, "string", "null"],
    ["NaN", z.number(), Number.NaN, "number", "NaN"],
    ["a choice", z.enum(["a", "b"]), "c", 'one of "a", "b"', "string"],
    ["a format", z.email(), "c", "a string in the format email", "string"],
    ["a least number", z.number().min(3), 1, "number of at least 3", "number"],
    ["a number above", z.number().gt(3), 3, "number above 3", "number"],
    ["a most length", z.string().max(3), "four", "string of at most 3", "string"],
    ["a number below", z.number().lt(3), 3, "number below 3", "number"],
    ["a multiple", z.number().multipleOf(5), 3, "a multiple of 5", "number"],
    ["unknown keys", z.strictObject({}), { a: 1 }, "only keys of the schema", "object"],
  ])("says what zod expected: %s", async (_, schema, value, expected, got) => {
    const error = await thrownBy(() => parsePayload(defineQueue("q", { payload: schema }), value));
    expect(error).toMatchObject({ code: "HG_PAYLOAD_INVALID", expected, got });
  });

  it("says why the schema's own words are missing, where they are", async () => {
    const own = defineQueue("q", { payload: z.object({ a: z.number().refine(() => false, "never good") }) });
    const error = await thrownBy(() => parsePayload(own, { a: 1 }));
    expect(error.message).toContain('queue "q".a');
    expect(error.fix).toContain("parse it with the schema");
  });

  it("waits for any thenable, not only for a Promise of this realm", async () => {
    const thenable = (result: unknown) =>
      // biome-ignore lint/suspicious/noThenProperty: the very thing that is tested
      ({ then: (done: (value: unknown) => void) => done(result) }) as unknown as PromiseLike<never>;
    const good = defineQueue("q", { payload: schemaOf(() => thenable({ value: 7 })) });
    expect(await parsePayload(good, 1)).toBe(7);
    const bad = defineQueue("q", { payload: schemaOf(() => thenable({ issues: [{ message: "no" }] })) });
    expect((await thrownBy(() => parsePayload(bad, 1))).code).toBe("HG_PAYLOAD_INVALID");
  });

  it.each<[string, StandardSchema]>([
    [
      "throws",
      schemaOf(() => {
        throw new Error("bug");
      }),
    ],
    ["rejects", schemaOf(() => Promise.reject(new Error("bug")))],
    [
      "has a transform that throws",
      z.string().transform(() => {
        throw new Error("bug");
      }),
    ],
  ])("is a coded error with its cause when the schema %s", async (_, schema) => {
    const error = await thrownBy(() => parsePayload(defineQueue("q", { payload: schema }), "a"));
    expect(error).toMatchObject({ code: "HG_PAYLOAD_INVALID", cause: expect.objectContaining({ message: "bug" }) });
    expect(error.message).toContain("schema threw");
  });

  it("waits for a schema that answers later", async () => {
    const later: StandardSchema<unknown, number> = {
      "~standard": {
        version: 1,
        vendor: "test",
        validate: async (value) =>
          typeof value === "number"
            ? { value: value + 1 }
            : { issues: [{ message: "no number", path: ["a", { key: 0 }] }] },
      },
    };
    const asynchronous = defineQueue("q", { payload: later });
    expect(await parsePayload(asynchronous, 1)).toBe(2);
    const error = await thrownBy(() => parsePayload(asynchronous, "1"));
    expect(error.message).toContain('queue "q".a.0');
  });

  it("lets everything pass where there is no schema", () => {
    expect(parsePayload(defineQueue("q"), undefined)).toBeUndefined();
  });
});

describe("storing a payload", () => {
  const queue = defineQueue("q", { maxPayloadBytes: 20 });

  it.each([
    [{ a: 1 }, '{"a":1}'],
    [null, "null"],
    ["", '""'],
    [0, "0"],
    [new Date(0), '"1970-01-01T00:00:00.000Z"'],
  ])("%j is plain JSON", (value, text) => {
    expect(serializePayload(defineQueue("q"), value)).toBe(text);
  });

  it("refuses a cycle", async () => {
    const cycle: Record<string, unknown> = {};
    cycle["self"] = cycle;
    expect((await thrownBy(() => serializePayload(queue, cycle))).code).toBe("HG_PAYLOAD_INVALID");
  });

  it.each([
    ["a BigInt", 5n],
    ["a nested BigInt", { a: [5n] }],
    ["undefined", undefined],
    ["a function", () => 1],
    ["a symbol", Symbol("a")],
  ])("refuses %s", async (_, value) => {
    expect((await thrownBy(() => serializePayload(queue, value))).code).toBe("HG_PAYLOAD_INVALID");
  });

  it.each<[string, unknown, string, string]>([
    ["a function in it", { a: { run: () => 1 } }, ".a.run", "function"],
    ["a symbol in it", { a: Symbol("s") }, ".a", "symbol"],
    ["NaN, which would become null", { a: [1, Number.NaN] }, ".a.1", "NaN"],
    ["Infinity", { a: Number.POSITIVE_INFINITY }, ".a", "Infinity"],
    ["undefined in an array, which would become null", [1, undefined], ".1", "undefined"],
    ["a hole in an array", { a: new Array(1) }, ".a.0", "undefined"],
    ["a Map, which would become {}", { a: new Map([[1, 2]]) }, ".a", "Map"],
    ["a Set", new Set([1]), "", "Set"],
    ["an Error", { e: new Error("x") }, ".e", "Error"],
    ["a RegExp", { e: /x/ }, ".e", "RegExp"],
    ["a typed array", { e: new Uint8Array(2) }, ".e", "Uint8Array"],
    ["a promise somebody forgot to await", { e: Promise.resolve(1) }, ".e", "Promise"],
  ])("refuses %s, says where, and loses nothing silently", async (_, value, path, got) => {
    const error = await thrownBy(() => serializePayload(defineQueue("q"), value));
    expect(error).toMatchObject({ code: "HG_PAYLOAD_INVALID", got });
    expect(error.message).toContain(`queue "q"${path}: `);
  });

  it("takes what has a JSON form, fields of a class, and drops a field that is undefined", () => {
    class Point {
      readonly x = 1;
    }
    const value = {
      at: new Date(0),
      link: new URL("http://a/"),
      p: new Point(),
      none: undefined,
      o: Object.create(null),
    };
    expect(serializePayload(defineQueue("q"), value)).toBe(
      '{"at":"1970-01-01T00:00:00.000Z","link":"http://a/","p":{"x":1},"o":{}}',
    );
  });

  it("stores whatever JSON can hold, and it comes back", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(serializePayload(defineQueue("q"), value)).toBe(JSON.stringify(value));
      }),
    );
  });

  it("either stores a value so that it comes back, or refuses it", () => {
    const lossy = fc.anything({
      withMap: true,
      withSet: true,
      withTypedArray: true,
      withBigInt: true,
      withSparseArray: true,
    });
    fc.assert(
      fc.property(lossy, (value) => {
        let text: string;
        try {
          text = serializePayload(defineQueue("q"), value);
        } catch (error) {
          expect(error).toMatchObject({ code: "HG_PAYLOAD_INVALID" });
          return;
        }
        expect(JSON.parse(text)).toEqual(withoutMinusZero(value));
      }),
      { numRuns: 1_000 },
    );
  });

  it("counts bytes, not characters", async () => {
    expect(serializePayload(queue, "x".repeat(18))).toHaveLength(20);
    const error = await thrownBy(() => serializePayload(queue, "x".repeat(19)));
    expect(error).toMatchObject({ code: "HG_PAYLOAD_TOO_LARGE", expected: "at most 20 bytes", got: "21 bytes" });
    expect(serializePayload(queue, "é".repeat(9))).toHaveLength(11);
    expect((await thrownBy(() => serializePayload(queue, "é".repeat(10)))).got).toBe("22 bytes");
  });
});
