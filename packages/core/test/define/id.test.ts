import { Job } from "bullmq";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createId, decodeId, encodeId } from "../../src/define/id.ts";

/** What a BullMQ job may not be called: it throws plain errors, deep inside an add. */
function bullmqTakes(jobId: string): void {
  const queue = { opts: {}, toKey: (part: string) => part, qualifiedName: "q", keys: {}, on: () => undefined } as never;
  const job = new Job(queue, "name", {}, { jobId });
  (job as unknown as { validateOptions(json: unknown): void }).validateOptions(job.asJSON());
}

/** The queue's own keys stand beside its jobs. */
const OWN_KEYS = [
  "",
  "active",
  "wait",
  "waiting-children",
  "paused",
  "id",
  "delayed",
  "prioritized",
  "stalled-check",
  "completed",
  "failed",
  "stalled",
  "repeat",
  "limiter",
  "meta",
  "events",
  "pc",
  "marker",
  "de",
];

const ids = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.string({ unit: "grapheme" }),
  fc.string(),
  fc.integer().map(String),
  fc.constantFrom(...OWN_KEYS, "a:b", "a:b:c", "0:0", "%41", "~", "~a", "{x}", "é", "👩‍👩‍👧", "\0"),
);
const usable = ids.filter((id) => id.length > 0 && id.isWellFormed() && Buffer.byteLength(id) <= 256);

describe("a job id", () => {
  it("comes back as it was given", () => {
    fc.assert(
      fc.property(usable, (id) => {
        expect(decodeId(encodeId(id))).toBe(id);
      }),
      { numRuns: 1_000 },
    );
  });

  it("is one that BullMQ takes, in plain ASCII, and meets no key of the queue", () => {
    fc.assert(
      fc.property(usable, (id) => {
        const encoded = encodeId(id);
        expect(encoded).toMatch(/^~[A-Za-z0-9._%-]+$/);
        expect(() => bullmqTakes(encoded)).not.toThrow();
        expect(OWN_KEYS).not.toContain(encoded);
      }),
      { numRuns: 1_000 },
    );
  });

  it("is stored under a key of its own: different ids never meet", () => {
    fc.assert(
      fc.property(usable, usable, (a, b) => {
        expect(encodeId(a) === encodeId(b)).toBe(a === b);
      }),
      { numRuns: 1_000 },
    );
  });

  it.each(["42", "-5", "0", "a:b"])("of %s, which BullMQ itself refuses, is fine", (id) => {
    expect(() => bullmqTakes(id)).toThrow();
    expect(() => bullmqTakes(encodeId(id))).not.toThrow();
  });

  it.each(["", "x".repeat(257), "é".repeat(129), "\ud800", "a\udc00b", null, undefined, 42, {}])("is not %j", (id) => {
    expect(() => encodeId(id as string)).toThrow(expect.objectContaining({ code: "HG_ID_INVALID" }));
  });

  it("may have 256 bytes, counted in UTF-8", () => {
    expect(decodeId(encodeId("é".repeat(128)))).toBe("é".repeat(128));
  });

  it("that plain BullMQ made is shown as it is", () => {
    for (const id of ["42", "repeat:abc:1700000000000", "%zz", "a~b"]) expect(decodeId(id)).toBe(id);
    expect(decodeId("~%zz"), "and a broken one of ours does not throw").toBe("~%zz");
  });

  it.each(["~", "~%41", "~%c3%a9", "~a!", "~a b", `~${"x".repeat(257)}`])(
    "that only looks like ours, %s, is shown as it is: decoded it would name another job",
    (id) => {
      expect(decodeId(id)).toBe(id);
    },
  );

  it("that is shown names the job that it came from, where it was decoded at all", () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.string().map((text) => `~${text}`),
        ),
        (stored) => {
          const id = decodeId(stored);
          expect(id === stored || encodeId(id) === stored).toBe(true);
        },
      ),
      { numRuns: 1_000 },
    );
  });

  it("is made where none is given, and is no other's", () => {
    expect(new Set(Array.from({ length: 1_000 }, createId)).size).toBe(1_000);
  });
});
