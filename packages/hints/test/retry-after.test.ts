import { describe, expect, it, vi } from "vitest";
import { parseHints } from "../src/index.ts";

const now = Date.parse("2026-11-25T12:00:00Z");
const DAY = 86_400_000;

describe("Retry-After", () => {
  const waits: [string, Record<string, string>, number | undefined][] = [
    ["seconds", { "retry-after": "120" }, 120_000],
    ["fractions (Shopify)", { "retry-after": "2.0" }, 2_000],
    ["a fraction of a millisecond is a whole one", { "retry-after": "0.0001" }, 1],
    ["HTTP-date against the host's clock", { "retry-after": "Wed, 25 Nov 2026 12:00:30 GMT" }, 30_000],
    [
      "HTTP-date against the response's own Date, years from the host's clock",
      { "retry-after": "Wed, 21 Oct 2015 07:28:00 GMT", date: "Wed, 21 Oct 2015 07:27:00 GMT" },
      60_000,
    ],
    ["RFC 850", { "retry-after": "Wednesday, 25-Nov-26 12:00:10 GMT" }, 10_000],
    ["asctime, which is UTC", { "retry-after": "Wed Nov 25 12:00:10 2026" }, 10_000],
    ["RFC 3339", { "retry-after": "2026-11-25T12:01:00Z" }, 60_000],
    ["a zone", { "retry-after": "2026-11-25T13:01:00+01:00" }, 60_000],
    ["epoch seconds", { "retry-after": String(now / 1_000 + 90) }, 90_000],
    ["epoch milliseconds", { "retry-after": String(now + 1_500) }, 1_500],
    ["a duration", { "retry-after": "1m30s" }, 90_000],
    ["sent twice: the longer", { "retry-after": "30, 60" }, 60_000],
    ["absurd: a day", { "retry-after": "99999999" }, DAY],
    ["more digits than a number has", { "retry-after": "9".repeat(400) }, DAY],
    ["zero says nothing", { "retry-after": "0" }, undefined],
    ["a negative says nothing", { "retry-after": "-30" }, undefined],
    ["a date that has passed says nothing", { "retry-after": "Wed, 25 Nov 2026 11:00:00 GMT" }, undefined],
    ["words", { "retry-after": "soon" }, undefined],
    ["words that JavaScript takes for a date", { "retry-after": "page 1" }, undefined],
    ["a list with a word", { "retry-after": "30, soon" }, undefined],
    ["empty", { "retry-after": "" }, undefined],
  ];

  it.each(waits)("%s", (_, headers, expected) => {
    const { retryAfterMs, source } = parseHints(headers, { now });
    expect(retryAfterMs).toBe(expected);
    expect(source).toBe(expected === undefined ? "none" : "retry-after");
  });

  it.each([["retry-after-ms"], ["x-ms-retry-after-ms"]])("%s comes before it, and is in milliseconds", (name) => {
    expect(parseHints({ [name]: "1500", "retry-after": "60" }, { now })).toMatchObject({
      retryAfterMs: 1_500,
      source: "retry-after-ms",
    });
  });

  it("falls back to the next rule when the better one is malformed", () => {
    expect(parseHints({ "retry-after-ms": "x", "retry-after": "60" }, { now })).toMatchObject({
      retryAfterMs: 60_000,
      source: "retry-after",
    });
  });

  it("comes before RateLimit, as the draft demands", () => {
    expect(parseHints({ "retry-after": "5", ratelimit: '"api";r=0;t=60' }, { now })).toMatchObject({
      retryAfterMs: 5_000,
      source: "retry-after",
    });
  });

  it("a time without a zone is UTC wherever the host is", () => {
    vi.stubEnv("TZ", "Pacific/Auckland");
    expect(new Date(0).getHours(), "the host is elsewhere").toBe(12);
    for (const text of ["Wed Nov 25 12:00:10 2026", "2026-11-25T12:00:10", "2026-11-25 12:00:10"]) {
      expect(parseHints({ "retry-after": text }, { now }).retryAfterMs).toBe(10_000);
    }
    vi.unstubAllEnvs();
  });

  it("is capped by maxWaitMs", () => {
    expect(parseHints({ "retry-after": "60" }, { now, maxWaitMs: 1_000 }).retryAfterMs).toBe(1_000);
  });
});

describe("where headers are found", () => {
  const headers = { "Retry-After": "7" };
  class AxiosLike {
    get(name: string): string | undefined {
      return name === "retry-after" ? "7" : undefined;
    }
  }
  it.each<[string, unknown]>([
    ["a fetch Response", new Response(null, { status: 429, headers })],
    ["Headers", new Headers(headers)],
    ["a plain object in any case", headers],
    ["arrays of values", { "retry-after": ["7"] }],
    ["numbers", { "retry-after": 7 }],
    ["pairs", [["Retry-After", "7"]]],
    [
      "pairs, a field twice",
      [
        ["Retry-After", "5"],
        ["retry-after", "7"],
      ],
    ],
    ["a Map", new Map([["Retry-After", "7"]])],
    ["Node's raw list", ["Server", "x", "Retry-After", "7"]],
    ["Node's raw list, a field twice", ["Retry-After", "7", "Server", "x", "Retry-After", "5"]],
    ["an object with get and nothing else", new AxiosLike()],
    ["status, headers and body", { status: 429, headers, body: { message: "slow" } }],
    ["Node's IncomingMessage", { statusCode: 429, headers: { "retry-after": "7" } }],
  ])("%s", (_, input) => {
    expect(parseHints(input, { now })).toMatchObject({ retryAfterMs: 7_000, source: "retry-after" });
  });

  it.each([[undefined], [null], [7], ["retry-after: 7"], [{}], [[]], [() => 7]])("nothing in %s", (input) => {
    expect(parseHints(input, { now })).toEqual({ source: "none", limits: [], scope: "unknown" });
  });
});
