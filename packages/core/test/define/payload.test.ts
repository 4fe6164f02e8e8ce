import { describe, expect, it } from "vitest";
import { z } from "zod";
import { parsePayload, serializePayload } from "../../src/define/payload.ts";
import { defineQueue } from "../../src/define/queue.ts";
import type { StandardSchema } from "../../src/define/standard-schema.ts";
import { HeadgateError } from "../../src/errors.ts";

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
    expect(error.got).toContain("expected number");
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
  ])("nor does %s show it", async (_, schema) => {
    const strict = defineQueue("q", { payload: schema as StandardSchema });
    const value = schema instanceof z.ZodObject ? { field: SECRET } : SECRET;
    const error = await thrownBy(() => parsePayload(strict, value));
    expect(`${error.message} ${error.got}`).not.toContain(SECRET);
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

  it("counts bytes, not characters", async () => {
    expect(serializePayload(queue, "x".repeat(18))).toHaveLength(20);
    const error = await thrownBy(() => serializePayload(queue, "x".repeat(19)));
    expect(error).toMatchObject({ code: "HG_PAYLOAD_TOO_LARGE", expected: "at most 20 bytes", got: "21 bytes" });
    expect(serializePayload(queue, "é".repeat(9))).toHaveLength(11);
    expect((await thrownBy(() => serializePayload(queue, "é".repeat(10)))).got).toBe("22 bytes");
  });
});
