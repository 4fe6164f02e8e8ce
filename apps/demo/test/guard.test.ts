import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { controlServer, termsServer } from "../src/api-server.ts";
import { BURST, Guard } from "../src/guard.ts";

/** The limiter reads `performance.now()`, the record `Date.now()`: both stand still until the test moves them. */
beforeEach(() => vi.useFakeTimers({ toFake: ["Date", "performance"] }));
afterEach(() => vi.useRealTimers());

/** Calls evenly spread over a time; answers how many were accepted. */
function call(guard: Guard, { perSecond, seconds }: { perSecond: number; seconds: number }): number {
  let accepted = 0;
  for (let index = 0; index < perSecond * seconds; index += 1) {
    if (guard.decide().allowed) accepted += 1;
    vi.advanceTimersByTime(1000 / perSecond);
  }
  return accepted;
}

/** Calls at one instant, until one is refused; answers how many were accepted. */
function callAtOnce(guard: Guard): number {
  let accepted = 0;
  while (guard.decide().allowed) accepted += 1;
  return accepted;
}

describe("the API's limit", () => {
  it("accepts a burst and then what the bucket refills", () => {
    const lastCallAt = 10 - 1 / 200;
    expect(call(new Guard(50), { perSecond: 200, seconds: 10 })).toBe(Math.floor(BURST + 50 * lastCallAt));
  });

  it("accepts everything below it", () => {
    expect(call(new Guard(50), { perSecond: 40, seconds: 10 })).toBe(400);
  });

  it("says when to come back, in whole seconds", () => {
    const guard = new Guard(0.4);
    call(guard, { perSecond: 1000, seconds: BURST / 1000 });
    expect(guard.decide()).toEqual({ allowed: false, retryAfterSeconds: 3 });
    vi.advanceTimersByTime(2400);
    expect(guard.decide()).toEqual({ allowed: false, retryAfterSeconds: 1 });
  });

  it("is changed while it runs: the time before counts at the old limit", () => {
    const guard = new Guard(50);
    expect(callAtOnce(guard)).toBe(BURST);
    vi.advanceTimersByTime(100);
    guard.setLimit(10);
    expect(callAtOnce(guard)).toBe(5);
    vi.advanceTimersByTime(500);
    expect(callAtOnce(guard)).toBe(5);
  });
});

describe("the API's account", () => {
  it("is the truth: what it accepted, throttled, and would have accepted", () => {
    const guard = new Guard(50);
    vi.advanceTimersByTime(5000); // nothing counts before the first call
    const accepted = call(guard, { perSecond: 100, seconds: 3 });
    guard.setLimit(10);
    const later = call(guard, { perSecond: 100, seconds: 3 });
    const account = guard.account();
    expect(account).toEqual({
      seconds: 6,
      accepted: accepted + later,
      throttled: 600 - accepted - later,
      offered: BURST + 3 * 50 + 3 * 10,
    });
    expect(account.accepted / account.offered).toBeGreaterThan(0.98); // always asked: all of it was used
  });

  it("ends where it is asked to end", () => {
    const guard = new Guard(50);
    const until = Date.now() + 999;
    const first = call(guard, { perSecond: 50, seconds: 1 });
    call(guard, { perSecond: 50, seconds: 1 });
    expect(guard.account(until)).toMatchObject({ accepted: first, offered: BURST + 0.999 * 50 });
  });

  it("counts answers to the same document", () => {
    const guard = new Guard(50);
    for (const id of ["a", "b", "a", "a"]) guard.answered(id);
    expect(guard.repeated).toBe(2);
  });
});

describe("the API over HTTP", () => {
  const terms = (id: string): { method: "POST"; url: string; payload: object } => ({
    method: "POST",
    url: "/terms",
    payload: { id, text: "bucket bucket token" },
  });

  it("answers terms, and 429 with Retry-After when the bucket is empty", async () => {
    vi.useRealTimers(); // it adds a latency
    const guard = new Guard(1);
    await using server = termsServer(guard);
    const answers = await Promise.all(
      Array.from({ length: BURST + 2 }, (_, index) => server.inject(terms(`${index}`))),
    );
    expect(answers.map(({ statusCode }) => statusCode)).toEqual([...Array(BURST).fill(200), 429, 429]);
    expect(answers[0]?.json()).toMatchObject({ id: "0", terms: [{ term: "bucket" }, { term: "token" }] });
    expect(answers.at(-1)?.headers["retry-after"]).toBe("1");
    expect(guard.account()).toMatchObject({ accepted: BURST, throttled: 2 });
  });

  it("refuses what is no document", async () => {
    await using server = termsServer(new Guard(50));
    expect(await server.inject({ method: "POST", url: "/terms", payload: { id: "a" } })).toMatchObject({
      statusCode: 400,
    });
  });

  it("is steered and read on its control port", async () => {
    const guard = new Guard(50);
    await using server = controlServer(guard);
    expect((await server.inject("/report")).json()).toMatchObject({ firstCallAt: null, perSecond: 50 });
    await server.inject({ method: "PUT", url: "/limit/10" });
    guard.decide();
    expect((await server.inject("/report")).json()).toMatchObject({ perSecond: 10, account: { accepted: 1 } });
  });
});
