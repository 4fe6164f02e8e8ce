import rateLimitFastify from "@fastify/rate-limit";
import { getRequestListener } from "@hono/node-server";
import express from "express";
import rateLimitExpress, { type Options } from "express-rate-limit";
import fastify from "fastify";
import { Hono } from "hono";
import { rateLimiter } from "hono-rate-limiter";
import { RateLimiterMemory, type RateLimiterRes } from "rate-limiter-flexible";
import { expect, it } from "vitest";
import { classifyError, classifyResponse, parseHints } from "../src/index.ts";
import { type Loopback, listen } from "./support/replay.ts";

const MINUTE = 60_000;

const onExpress = (options: Partial<Options>) => () =>
  listen(
    express()
      .use(rateLimitExpress({ windowMs: MINUTE, limit: 2, legacyHeaders: false, standardHeaders: false, ...options }))
      .use((_request, response) => void response.end("fine")),
  );

const onFastify = (enableDraftSpec: boolean) => async (): Promise<Loopback> => {
  const app = fastify();
  await app.register(rateLimitFastify, { max: 2, timeWindow: MINUTE, enableDraftSpec });
  app.get("/", () => "fine");
  return { url: await app.listen({ port: 0, host: "127.0.0.1" }), [Symbol.asyncDispose]: () => app.close() };
};

const onHono = (standardHeaders: "draft-6" | "draft-7") => () => {
  const app = new Hono();
  app.use(rateLimiter({ windowMs: MINUTE, limit: 2, standardHeaders, keyGenerator: () => "one" }));
  app.get("/", (context) => context.text("fine"));
  return listen(getRequestListener(app.fetch));
};

function onFlexible(): Promise<Loopback> {
  const limiter = new RateLimiterMemory({ points: 2, duration: 60 });
  return listen(async (_request, response) => {
    const told = (result: RateLimiterRes) =>
      response
        .setHeader("X-RateLimit-Limit", 2)
        .setHeader("X-RateLimit-Remaining", result.remainingPoints)
        .setHeader("X-RateLimit-Reset", new Date(Date.now() + result.msBeforeNext).toString());
    await limiter.consume("one").then(
      (result) => told(result).end("fine"),
      (refusal: RateLimiterRes) => {
        told(refusal).setHeader("Retry-After", refusal.msBeforeNext / 1_000);
        response.writeHead(429).end("slow down");
      },
    );
  });
}

const servers: [string, () => Promise<Loopback>, windowMs: number | undefined, partitioned?: boolean][] = [
  ["express-rate-limit, legacy", onExpress({ legacyHeaders: true }), undefined],
  ["express-rate-limit, draft 6", onExpress({ standardHeaders: "draft-6" }), MINUTE],
  ["express-rate-limit, draft 7", onExpress({ standardHeaders: "draft-7" }), MINUTE],
  ["express-rate-limit, draft 8", onExpress({ standardHeaders: "draft-8", identifier: "api" }), MINUTE, true],
  ["express-rate-limit, all it has", onExpress({ legacyHeaders: true, standardHeaders: "draft-6" }), MINUTE],
  ["@fastify/rate-limit", onFastify(false), undefined],
  ["@fastify/rate-limit, draft", onFastify(true), undefined],
  ["hono-rate-limiter, draft 6", onHono("draft-6"), MINUTE],
  ["hono-rate-limiter, draft 7", onHono("draft-7"), MINUTE],
  ["rate-limiter-flexible", onFlexible, undefined],
];

it.each(servers)("%s", async (_, open, windowMs, partitioned = false) => {
  await using server = await open();
  const [first, second, third] = [await fetch(server.url), await fetch(server.url), await fetch(server.url)];
  for (const [response, remaining] of [[first, 1] as const, [second, 0] as const]) {
    const { limits } = parseHints(response);
    expect(limits).toHaveLength(1);
    const [{ partition, resetMs = -1, ...limit } = { unit: "" }] = limits;
    expect(limit).toEqual({ unit: "requests", limit: 2, remaining, ...(windowMs !== undefined && { windowMs }) });
    expect(partition !== undefined).toBe(partitioned);
    expect(resetMs).toBeGreaterThan(MINUTE - 5_000);
    expect(resetMs).toBeLessThanOrEqual(MINUTE + 2_000);
  }
  // The last call of a window tells that the next has to wait.
  expect(parseHints(first).retryAfterMs).toBeUndefined();
  expect(parseHints(second).retryAfterMs).toBeGreaterThan(MINUTE - 5_000);

  const { throttled, terminal, status, hint } = classifyResponse(third);
  expect({ throttled, terminal, status, source: hint.source }).toEqual({
    throttled: true,
    terminal: false,
    status: 429,
    source: "retry-after",
  });
  expect(hint.retryAfterMs).toBeGreaterThan(MINUTE - 5_000);
});

it("rate-limiter-flexible's own rejection", async () => {
  const limiter = new RateLimiterMemory({ points: 1, duration: 60 });
  await limiter.consume("one");
  const { throttled, hint } = classifyError(await limiter.consume("one").catch((refusal: unknown) => refusal));
  expect({ throttled, source: hint.source }).toEqual({ throttled: true, source: "client" });
  expect(hint.retryAfterMs).toBeGreaterThan(MINUTE - 5_000);
});
