import { defineLimiter, defineQueue } from "headgate";
import { expect, test } from "vitest";
import type { CheckedQueue } from "../src/config/schema.ts";
import { resolveTarget, unknownTarget } from "../src/levers/target.ts";

const mail = defineLimiter("mail");
const known = knowing(
  defineQueue("mail", { limiter: mail }),
  defineQueue("digest", { limiter: mail }),
  defineQueue("lone"),
);

function knowing(...queues: readonly CheckedQueue["queue"][]): Parameters<typeof resolveTarget>[0] {
  return {
    queues: new Map(queues.map((queue) => [queue.name, { queue }])),
    limiters: new Map(queues.map((queue) => [queue.limiter.name, queue.limiter])),
  };
}

test.each([
  ["digest", "queue", "digest"],
  ["queue:mail", "queue", "mail"],
  ["limiter:mail", "limiter", "mail"],
  ["lone", "queue", "lone"],
  ["limiter:lone", "limiter", "lone"],
])("%s is the %s %s", (text, kind, name) => {
  expect(resolveTarget(known, text)).toMatchObject({ kind, name });
});

test("a bare name that is a queue and a shared limiter has to say which", () => {
  expect(() => resolveTarget(known, "mail")).toThrow(
    expect.objectContaining({ code: "HG_TARGET_AMBIGUOUS", expected: "queue:mail or limiter:mail" }),
  );
});

test.each(["post", "limiter:digest", "queue:post", "", "tank:mail"])(
  "%o is unknown, and the known ones are named",
  (text) => {
    expect(() => resolveTarget(known, text)).toThrow(
      expect.objectContaining({ code: "HG_TARGET_UNKNOWN", expected: expect.stringContaining("queue:digest") }),
    );
  },
);

test("of many names those that are like it come first, and not all are listed", () => {
  const known = Array.from({ length: 50 }, (_, index) => `tenant-${index}`);
  expect(unknownTarget("mial", [...known, "mia-mail"])).toMatchObject({
    code: "HG_TARGET_UNKNOWN",
    expected: expect.stringMatching(/^one of mia-mail, tenant-0, .*tenant-10 and 39 more$/),
  });
});
