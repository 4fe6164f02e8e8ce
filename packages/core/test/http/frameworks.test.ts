import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { serve } from "@hono/node-server";
import express from "express";
import Fastify from "fastify";
import { Hono } from "hono";
import { afterEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { defineLimiter } from "../../src/define/limiter.ts";
import { defineQueue, type Queue } from "../../src/define/queue.ts";
import { headgateError } from "../../src/errors.ts";
import { enqueueOverHttp as expressEnqueue } from "../../src/http/express.ts";
import { enqueueOverHttp as fastifyEnqueue } from "../../src/http/fastify.ts";
import { enqueueOverHttp as honoEnqueue } from "../../src/http/hono.ts";
import type { Enqueues } from "../../src/http/index.ts";
import { createProducer, type EnqueueOptions } from "../../src/producer/index.ts";
import { useRedis } from "../support/redis.ts";

interface Running {
  readonly url: string;
  stop(): Promise<unknown>;
}

type Start = (producer: Enqueues, queue: Queue<never>, options?: EnqueueOptions) => Promise<Running>;

const urlOf = (server: Server): string => `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;

async function stop(server: Server): Promise<void> {
  server.close();
  server.closeAllConnections();
  await once(server, "close");
}

const frameworks: Readonly<Record<string, Start>> = {
  fastify: async (producer, queue, options) => {
    const app = Fastify();
    const enqueue = fastifyEnqueue(producer);
    app.post("/", (request, reply) => enqueue(reply, queue, request.body, options));
    await app.listen({ host: "127.0.0.1", port: 0 });
    return { url: urlOf(app.server), stop: () => app.close() };
  },
  express: async (producer, queue, options) => {
    const app = express();
    const enqueue = expressEnqueue(producer);
    app.set("env", "test");
    app.post("/", express.json(), (request, response) => enqueue(response, queue, request.body, options));
    const server = app.listen(0, "127.0.0.1");
    await once(server, "listening");
    return { url: urlOf(server), stop: () => stop(server) };
  },
  "node:http, by the same": async (producer, queue, options) => {
    const enqueue = expressEnqueue(producer);
    const server = createServer(async (request, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      enqueue(response, queue, JSON.parse(Buffer.concat(chunks).toString()), options).catch(() => {
        response.statusCode = 500;
        response.end();
      });
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    return { url: urlOf(server), stop: () => stop(server) };
  },
  hono: async (producer, queue, options) => {
    const app = new Hono();
    const enqueue = honoEnqueue(producer);
    app.post("/", async (c) => enqueue(c, queue, await c.req.json(), options));
    app.onError((_error, c) => c.text("not Headgate's", 500));
    const server = serve({ fetch: app.fetch, hostname: "127.0.0.1", port: 0 }) as Server;
    await once(server, "listening");
    return { url: urlOf(server), stop: () => stop(server) };
  },
};

const space = useRedis();
const running: Running[] = [];
afterEach(async () => {
  for (const server of running.splice(0)) await server.stop();
});

/** A kept-alive connection would be a leaked handle. */
const post = (url: string, payload: unknown, signal?: AbortSignal): Promise<Response> =>
  fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json", connection: "close" },
    body: JSON.stringify(payload),
    ...(signal ? { signal } : {}),
  });

describe.each(Object.entries(frameworks))("%s", (_name, start) => {
  const serveQueue = async (producer: Enqueues, queue: Queue<never>, options?: EnqueueOptions): Promise<string> => {
    const server = await start(producer, queue, options);
    running.push(server);
    return server.url;
  };

  const failing = (error: Error): Enqueues => ({ enqueue: () => Promise.reject(error) });
  const anyQueue = defineQueue("any") as Queue as Queue<never>;

  it("answers 202, then 429 with Retry-After when the queue is full, and 422 to what does not fit", async () => {
    const queue = defineQueue("mail", {
      limiter: defineLimiter("api", { namespace: space.namespace }),
      payload: z.object({ to: z.string() }),
      capacity: 1,
    });
    const url = await serveQueue(
      space.use(createProducer({ connection: space.url })),
      queue as unknown as Queue<never>,
    );

    const first = await post(url, { to: "ada" });
    expect(first.status).toBe(202);
    expect(first.headers.get("content-type")).toMatch(/^application\/json/);
    expect(first.headers.get("ratelimit-policy")).toBe('"mail";q=1;qu="concurrent-requests"');
    expect(await first.json()).toMatchObject({ accepted: true, duplicate: false, depth: 1 });

    const second = await post(url, { to: "ada" });
    expect(second.status).toBe(429);
    expect(second.headers.get("content-type")).toMatch(/^application\/problem\+json/);
    expect(second.headers.get("retry-after")).toMatch(/^[1-9]\d*$/);
    expect(second.headers.get("ratelimit")).toBe(`"mail";r=0;t=${second.headers.get("retry-after")}`);
    expect(await second.json()).toMatchObject({ status: 429, reason: expect.stringMatching(/full|closed/), depth: 1 });

    const third = await post(url, { to: 31_415 });
    expect(third.status).toBe(422);
    const text = await third.text();
    expect(JSON.parse(text)).toMatchObject({ code: "HG_PAYLOAD_INVALID", status: 422 });
    expect(text).not.toContain("31415");
  });

  it("answers 503 when Redis is away, with what makes a retry safe", async () => {
    const away = headgateError("HG_REDIS_UNAVAILABLE", { details: { kind: "timeout", id: "j", outcome: "unknown" } });
    const response = await post(await serveQueue(failing(away), anyQueue), {});
    expect(response.status).toBe(503);
    expect(response.headers.get("retry-after")).toBe("2");
    expect(await response.json()).toMatchObject({ code: "HG_REDIS_UNAVAILABLE", id: "j", outcome: "unknown" });
  });

  it("leaves other errors to the framework", async () => {
    const response = await post(await serveQueue(failing(new Error("not ours")), anyQueue), {});
    expect(response.status).toBe(500);
    expect(response.headers.get("content-type") ?? "").not.toContain("problem");
  });

  it("waits when told to, and no longer than the caller is there", async () => {
    let give: (options: EnqueueOptions) => void = () => undefined;
    const given = new Promise<EnqueueOptions>((resolve) => {
      give = resolve;
    });
    const producer: Enqueues = {
      enqueue: (_queue, _payload, options = {}) => {
        give(options);
        return new Promise((_resolve, reject) => {
          options.signal?.addEventListener("abort", () => reject(options.signal?.reason as Error));
        });
      },
    };
    const url = await serveQueue(producer, anyQueue, { onPressure: "wait", timeout: "20s" });
    const caller = new AbortController();
    const response = post(url, {}, caller.signal);
    const { onPressure, timeout, signal } = await given;
    expect({ onPressure, timeout, aborted: signal?.aborted }).toEqual({
      onPressure: "wait",
      timeout: "20s",
      aborted: false,
    });
    const heard = once(signal as AbortSignal, "abort");
    caller.abort();
    await expect(response).rejects.toThrow();
    await heard;
  });
});
