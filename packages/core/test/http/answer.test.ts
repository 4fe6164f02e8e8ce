import { classifyResponse } from "@headgate/hints";
import { type BareItem, type Item, parseList, serializeList } from "structured-headers";
import { describe, expect, it } from "vitest";
import { defineQueue } from "../../src/define/queue.ts";
import { type ErrorCode, errorTable, headgateError } from "../../src/errors.ts";
import { answerError, answerResult, type Problem } from "../../src/http/index.ts";
import type { EnqueueResult, RefusalReason } from "../../src/producer/result.ts";

const queue = defineQueue("mail.out_1-x", { capacity: 1_000, watermarks: { high: 0.8, low: 0.3 } });

const accepted = { accepted: true, id: "a", duplicate: false, depth: 100, level: "open" } as const;
const refused = { accepted: false, reason: "full", retryAfterMs: 1_200, depth: 1_000, level: "closed" } as const;

const parameters = (field: string | undefined): Record<string, BareItem> => {
  const list = parseList(field ?? "");
  expect(list).toHaveLength(1);
  const [value, given] = list[0] as Item;
  expect(value).toBe(queue.name);
  // What a library writes is what we wrote.
  expect(serializeList(list)).toBe(field);
  return Object.fromEntries(given);
};

describe("a result", () => {
  it("that was accepted is 202, with the result as the body", () => {
    const { status, headers, body } = answerResult(queue, accepted);
    expect(status).toBe(202);
    expect(headers["content-type"]).toBe("application/json");
    expect(headers).not.toHaveProperty("retry-after");
    expect(body).toEqual(accepted);
  });

  it("that was refused is 429, with a problem of the draft's type", () => {
    const { status, headers, body } = answerResult(queue, refused);
    expect(status).toBe(429);
    expect(headers).toMatchObject({ "content-type": "application/problem+json", "retry-after": "2" });
    expect(body).toEqual({
      type: "https://iana.org/assignments/http-problem-types#quota-exceeded",
      title: "Quota Exceeded",
      status: 429,
      detail: "The queue is full.",
      "violated-policies": ["mail.out_1-x"],
      reason: "full",
      retryAfterMs: 1_200,
      depth: 1_000,
      level: "closed",
    });
  });

  it.each([
    [0, "1"],
    [1, "1"],
    [999.5, "1"],
    [1_000, "1"],
    [1_000.1, "2"],
    [86_400_000, "86400"],
  ])("with retryAfterMs %d has Retry-After %s: whole seconds, rounded up, never 0", (retryAfterMs, seconds) => {
    const { headers } = answerResult(queue, { ...refused, retryAfterMs });
    expect(headers["retry-after"]).toBe(seconds);
    // The draft: Retry-After not before the end of the effective window.
    expect(parameters(headers["ratelimit"])).toEqual({ r: 0, t: Number(seconds) });
  });

  it.each(["full", "closed", "paced", "paused", "memory", "shed", "deadline", "timeout", "local"] as const)(
    "refused for %s says so in words",
    (reason) => {
      const { body } = answerResult(queue, { ...refused, reason });
      expect((body as Problem).detail).not.toBe("The queue does not admit the job.");
    },
  );

  it("refused because memory is short is 503: the service's trouble, no policy that the caller violated", () => {
    const { status, headers, body } = answerResult(queue, { ...refused, reason: "memory" });
    expect(status).toBe(503);
    expect(headers).toMatchObject({ "content-type": "application/problem+json", "retry-after": "2" });
    expect(body).toMatchObject({
      type: "https://iana.org/assignments/http-problem-types#temporary-reduced-capacity",
      status: 503,
      reason: "memory",
      retryAfterMs: 1_200,
    });
    expect(body).not.toHaveProperty("violated-policies");
  });

  it("refused for a reason that is not known here is 429 all the same", () => {
    expect(answerResult(queue, { ...refused, reason: "new" as RefusalReason })).toMatchObject({
      status: 429,
      body: { reason: "new" },
    });
  });
});

describe("the RateLimit fields", () => {
  const fieldsOf = (result: EnqueueResult) => answerResult(queue, result).headers;

  it("have the queue as the policy, its capacity as the quota, in a unit of the draft's registry", () => {
    for (const result of [accepted, refused]) {
      expect(parameters(fieldsOf(result)["ratelimit-policy"])).toEqual({ q: 1_000, qu: "concurrent-requests" });
    }
  });

  it.each([
    ["open", 100, 700],
    ["slow", 799, 1],
    ["slow", 800, 0],
    ["open", 2_000, 0],
    // Let in although the queue is closed, as a duplicate is.
    ["closed", 100, 0],
  ] as const)("offer at level %s and depth %d what is left below the high watermark: %d", (level, depth, left) => {
    expect(parameters(fieldsOf({ ...accepted, level, depth })["ratelimit"])).toEqual({ r: left });
  });
});

describe("an error", () => {
  it.each([
    ["HG_ID_INVALID", 400],
    ["HG_PAYLOAD_TOO_LARGE", 413],
    ["HG_PAYLOAD_INVALID", 422],
    ["HG_COST_ABOVE_LIMIT", 422],
    ["HG_COST_INVALID", 500],
    ["HG_OPTION_INVALID", 500],
    ["HG_QUEUE_MOVED", 500],
    ["HG_REDIS_UNAVAILABLE", 503],
    ["HG_REDIS_UNREACHABLE", 503],
    ["HG_CLOSED", 503],
  ] as const)("%s is %d", (code, status) => {
    const answer = answerError(headgateError(code));
    expect(answer).toMatchObject({
      status,
      headers: { "content-type": "application/problem+json" },
      body: { status, code },
    });
    expect(answer?.headers["retry-after"] !== undefined).toBe(status === 503);
  });

  it.each(Object.keys(errorTable) as ErrorCode[])("%s has an answer", (code) => {
    const { status, body } = answerError(headgateError(code)) ?? {};
    expect([400, 413, 422, 500, 503]).toContain(status);
    expect(body).toMatchObject({ title: expect.stringMatching(/^[A-Z][a-z]+ [A-Z]/) });
  });

  it("of infrastructure has the draft's type, and what makes a retry safe, but not where Redis is", () => {
    const error = headgateError("HG_REDIS_UNREACHABLE", {
      got: "no answer of 10.0.0.7:6379",
      details: { id: "job-1", outcome: "not-sent" },
    });
    expect(answerError(error)?.body).toEqual({
      type: "https://iana.org/assignments/http-problem-types#temporary-reduced-capacity",
      title: "Temporary Reduced Capacity",
      status: 503,
      detail: "Redis does not answer.",
      code: "HG_REDIS_UNREACHABLE",
      retryAfterMs: 2_000,
      id: "job-1",
      outcome: "not-sent",
    });
  });

  it("about the payload says what was expected where", () => {
    const error = headgateError("HG_PAYLOAD_INVALID", { what: 'queue "mail".to', expected: "string", got: "number" });
    expect(answerError(error)?.body).toMatchObject({
      type: "about:blank",
      title: "Unprocessable Content",
      detail: error.message,
    });
  });

  it.each([new Error("x"), null, "HG_CLOSED", { code: "HG_CLOSED" }])(
    "that is not Headgate's is left to others: %s",
    (error) => {
      expect(answerError(error)).toBeNull();
    },
  );
});

describe("is heard by @headgate/hints, as by a worker whose API is a queue of Headgate", () => {
  const unit = "concurrent-requests";

  it.each([
    ["an accepted job", accepted, { throttled: false, wait: undefined, limit: { unit, limit: 1_000, remaining: 700 } }],
    [
      "a refused one",
      refused,
      { throttled: true, wait: 2_000, limit: { unit, limit: 1_000, remaining: 0, resetMs: 2_000 } },
    ],
    [
      "memory that is short",
      { ...refused, reason: "memory" } as const,
      { throttled: true, wait: 2_000, limit: { unit, limit: 1_000, remaining: 0, resetMs: 2_000 } },
    ],
  ])("%s", (_, result, expected) => {
    const { throttled, terminal, hint } = classifyResponse(answerResult(queue, result));
    expect({ throttled, wait: hint.retryAfterMs, limit: hint.limits[0] }).toEqual(expected);
    expect(terminal).toBe(false);
    expect(hint.limits).toHaveLength(1);
  });

  it("Redis that is away", () => {
    const answer = answerError(headgateError("HG_REDIS_UNAVAILABLE", {}));
    expect(classifyResponse(answer)).toMatchObject({ throttled: true, hint: { retryAfterMs: 2_000 } });
  });

  it("what was wrong with the caller's own job is no limit", () => {
    const answer = answerError(headgateError("HG_PAYLOAD_INVALID", {}));
    expect(classifyResponse(answer)).toMatchObject({ throttled: false, status: 422 });
  });
});
