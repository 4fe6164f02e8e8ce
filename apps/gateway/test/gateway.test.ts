import { request } from "node:http";
import { createInterface } from "node:readline";
import { Validator } from "@seriousme/openapi-schema-validator";
import { defineLimiter, defineQueue, type Queue } from "headgate";
import { createWorker } from "headgate/worker";
import { beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { z } from "zod";
import { useRedis } from "../../../packages/core/test/support/redis.ts";
import { createGateway, type GatewayOptions } from "../src/index.ts";
import { acceptedSchema, lineSchema, problemSchema, statusSchema } from "../src/openapi/schemas.ts";

const TOKEN = "s3cret-token";
const space = useRedis();
let mail: Queue<{ to: string }, { to: string }>;
beforeEach(() => {
  mail = defineQueue("mail", {
    limiter: defineLimiter("api", { namespace: space.namespace }),
    payload: z.object({ to: z.string() }),
    capacity: 3,
    watermarks: { high: 1, low: 0.3 },
    maxPayloadBytes: 200,
  });
});

async function start(options: Partial<GatewayOptions> = {}): Promise<string> {
  const gateway = createGateway({
    queues: [mail as unknown as Queue],
    connection: space.url,
    tokens: ["other", TOKEN],
    ...options,
  });
  return space.use(await gateway.listen({ port: 0 })).url;
}

interface Asked {
  readonly body?: string;
  readonly headers?: Record<string, string>;
  readonly method?: string;
}

/** A kept-alive connection would be a leaked handle. */
const ask = (
  url: string,
  { body, headers, method = body === undefined ? "GET" : "POST" }: Asked = {},
): Promise<Response> =>
  fetch(url, {
    method,
    headers: {
      connection: "close",
      authorization: `Bearer ${TOKEN}`,
      ...(body === undefined ? {} : { "content-type": "application/json" }),
      ...headers,
    },
    ...(body === undefined ? {} : { body }),
  });

const job = (to: string): string => JSON.stringify({ to });

describe("one job", () => {
  it("is 202 while there is room, then 429 with Retry-After; an Idempotency-Key makes it one job", async () => {
    const url = await start();
    for (const [key, duplicate] of [
      ['"a b"', false],
      ["a b", true],
      ["c", false],
      ["d", false],
    ] as const) {
      const response = await ask(`${url}/queues/mail/jobs`, { body: job("ada"), headers: { "idempotency-key": key } });
      expect(response.status).toBe(202);
      const body = await response.json();
      expect(acceptedSchema.parse(body)).toEqual(body);
      expect(body).toMatchObject({ duplicate, id: key.replaceAll('"', "") });
    }
    const refused = await ask(`${url}/queues/mail/jobs`, { body: job("ada") });
    expect(refused.status).toBe(429);
    expect(refused.headers.get("retry-after")).toMatch(/^[1-9]\d*$/);
    const body = await refused.json();
    expect(problemSchema.parse(body)).toEqual(body);
  });

  it.each([
    ["no JSON", { body: '{"to":31415' }, 400],
    ["no payload of the queue", { body: '{"to":31415}' }, 422],
    ["larger than the limit", { body: job("31415".repeat(50)) }, 413],
    ["of another type", { body: "31415", headers: { "content-type": "text/csv" } }, 415],
    ["with an option that is none", { body: job("31415"), path: "?priority=0" }, 400],
    ["with an id that is too long", { body: job("31415"), headers: { "idempotency-key": "x".repeat(257) } }, 400],
  ] as const)("%s is answered with a problem that quotes nothing of it", async (_what, asked, status) => {
    const url = await start();
    const response = await ask(`${url}/queues/mail/jobs${"path" in asked ? asked.path : ""}`, asked);
    expect(response.status).toBe(status);
    expect(response.headers.get("content-type")).toMatch(/^application\/problem\+json/);
    const text = await response.text();
    expect(problemSchema.parse(JSON.parse(text))).toMatchObject({ status });
    expect(text).not.toContain("31415");
  });

  it("waits as long as it prefers, within the gateway's bounds, and is answered when the gateway stops", async () => {
    const gateway = space.use(
      await createGateway({
        queues: [mail as unknown as Queue],
        connection: space.url,
        tokens: [TOKEN],
        maxWaiting: 1,
        maxWait: "20s",
      }).listen({ port: 0 }),
    );
    const url = `${gateway.url}/queues/mail/jobs`;
    for (const to of ["a", "b", "c"]) expect((await ask(url, { body: job(to) })).status).toBe(202);
    const late = await ask(url, { body: job("d"), headers: { prefer: "wait=1" } });
    expect(late.status).toBe(429);
    expect(late.headers.get("preference-applied")).toBe("wait=1");
    expect(await late.json()).toMatchObject({ reason: "timeout" });

    // Of two, one waits and the other is one too many.
    const both = [1, 2].map(() => ask(url, { body: job("d"), headers: { prefer: "respond-async, wait=900" } }));
    const first = await Promise.race(both);
    expect(first.status).toBe(429);
    expect(await first.json()).not.toMatchObject({ reason: "timeout" });
    await gateway.close();
    const answers = await Promise.all(both);
    expect(answers.map(({ status }) => status).sort()).toEqual([429, 503]);
    expect(answers.find(({ status }) => status === 503)?.headers.get("retry-after")).toBe("1");
  });

  it("of a caller that obeys Retry-After gets through while workers drain", async () => {
    const url = await start();
    for (const to of ["a", "b", "c"]) await ask(`${url}/queues/mail/jobs`, { body: job(to) });
    const refused = await ask(`${url}/queues/mail/jobs`, { body: job("d"), headers: { "idempotency-key": "d" } });
    expect(refused.status).toBe(429);
    space.use(createWorker(mail, async () => null, { connection: space.url }));
    let response = refused;
    for (let tries = 0; response.status === 429 && tries < 5; tries++) {
      const seconds = Number(response.headers.get("retry-after"));
      await new Promise((resolve) => setTimeout(resolve, seconds * 1_000));
      response = await ask(`${url}/queues/mail/jobs`, { body: job("d"), headers: { "idempotency-key": "d" } });
    }
    expect(response.status).toBe(202);
    expect(await response.json()).toMatchObject({ id: "d", duplicate: false });
  });
});

describe("a stream", () => {
  const ndjson = { "content-type": "application/x-ndjson" };

  it("is answered line by line, in order, whatever becomes of each", async () => {
    const url = await start();
    const body = [job("a"), "", '{"to":7}', job("x".repeat(300)), "{31415", job("b"), job("c"), job("d")].join("\n");
    const response = await ask(`${url}/queues/mail/jobs`, { body, headers: { ...ndjson, "idempotency-key": "k" } });
    expect(response.status).toBe(200);
    expect(response.headers.get("content-type")).toMatch(/^application\/x-ndjson/);
    const text = await response.text();
    const lines = text
      .trimEnd()
      .split("\n")
      .map((line) => lineSchema.parse(JSON.parse(line)) as Record<string, unknown>);
    expect(lines.map(({ line, status, id }) => [line, status, id])).toEqual([
      [1, 202, "k:1"],
      [2, 422, undefined],
      [3, 413, undefined],
      [4, 400, undefined],
      [5, 202, "k:5"],
      [6, 202, "k:6"],
      [7, 429, undefined],
    ]);
    expect(text).not.toContain("31415");
  });

  it("has its answer to a line before the next line is sent", async () => {
    const url = new URL(`${await start()}/queues/mail/jobs`);
    const outgoing = request(url, {
      method: "POST",
      agent: false,
      headers: { ...ndjson, authorization: `Bearer ${TOKEN}` },
    });
    const answered = new Promise<AsyncIterableIterator<string>>((resolve, reject) => {
      outgoing
        .on("error", reject)
        .on("response", (response) => resolve(createInterface(response)[Symbol.asyncIterator]()));
    });
    outgoing.write(`${job("a")}\n`);
    const lines = await answered;
    expect(JSON.parse((await lines.next()).value)).toMatchObject({ line: 1, status: 202 });
    outgoing.write(`${job("b")}\n`);
    expect(JSON.parse((await lines.next()).value)).toMatchObject({ line: 2, status: 202 });
    outgoing.end();
    expect((await lines.next()).done).toBe(true);
  });

  it("is read no faster than its answers are taken", async () => {
    const url = new URL(`${await start()}/queues/mail/jobs`);
    const outgoing = request(url, {
      method: "POST",
      agent: false,
      headers: { ...ndjson, authorization: `Bearer ${TOKEN}` },
    });
    onTestFinished(() => void outgoing.destroy());
    outgoing.on("error", () => undefined);
    const response = new Promise<NodeJS.ReadableStream>((resolve) => outgoing.on("response", resolve));
    const block = `${job("a")}\n`.repeat(1_000);
    outgoing.write(block);
    // Nobody reads the answers.
    (await response).pause();
    // 40 MB are far beyond what all buffers in between hold.
    let sent = 0;
    for (; sent < 3_000; sent++) {
      if (outgoing.write(block)) continue;
      const drained = await Promise.race([
        new Promise((resolve) => outgoing.once("drain", () => resolve(true))),
        new Promise((resolve) => setTimeout(resolve, 1_500, false)),
      ]);
      if (!drained) break;
    }
    expect(sent).toBeLessThan(3_000);
  });
});

describe("who may ask", () => {
  it.each([
    ["", 401],
    ["Bearer wrong", 401],
    [`Basic ${TOKEN}`, 401],
    [`bearer ${TOKEN}`, 200],
    ["Bearer other", 200],
  ])("authorization %j is %d", async (authorization, status) => {
    const url = await start();
    const response = await ask(`${url}/queues/mail`, { headers: { authorization } });
    expect(response.status).toBe(status);
    if (status === 401) expect(response.headers.get("www-authenticate")).toMatch(/^Bearer /);
  });

  it("everybody asks for health", async () => {
    const url = await start();
    for (const path of ["/healthz", "/readyz"]) {
      expect((await ask(url + path, { headers: { authorization: "" } })).status).toBe(200);
    }
    expect((await ask(`${url}/openapi.json`, { headers: { authorization: "" } })).status).toBe(401);
  });

  it.each([undefined, []])("without tokens it does not start: %j", async (tokens) => {
    const gateway = createGateway({ queues: [], connection: space.url, tokens });
    await expect(gateway.listen({ port: 0 })).rejects.toMatchObject({ code: "HG_GATEWAY_UNPROTECTED" });
  });

  it("with none on purpose it answers only loopback names, on loopback only", async () => {
    const gateway = createGateway({ queues: [mail as unknown as Queue], connection: space.url, tokens: "none" });
    await expect(gateway.listen({ host: "0.0.0.0", port: 0 })).rejects.toMatchObject({
      code: "HG_GATEWAY_UNPROTECTED",
    });
    const { url } = space.use(await gateway.listen({ port: 0 }));
    expect((await ask(`${url}/queues/mail`, { headers: { authorization: "" } })).status).toBe(200);
    const status = await new Promise((resolve, reject) => {
      request(`${url}/queues/mail`, { agent: false, headers: { host: "evil.example" } }, (response) => {
        response.resume();
        resolve(response.statusCode);
      })
        .on("error", reject)
        .end();
    });
    expect(status).toBe(421);
  });
});

it("tells a queue's state, and 404 for others", async () => {
  const url = await start();
  const status = await ask(`${url}/queues/mail`);
  const body = await status.json();
  expect(statusSchema.parse(body)).toEqual(body);
  expect(body).toMatchObject({ queue: "mail", depth: 0, capacity: 3, level: "open" });
  for (const path of ["/queues/none", "/nothing"]) {
    const response = await ask(url + path);
    expect(response.status).toBe(404);
    expect(problemSchema.parse(await response.json())).toMatchObject({ title: "Not Found" });
  }
});

it("describes itself in a valid OpenAPI 3.1 document, with what each queue takes", async () => {
  const url = await start();
  const document = (await (await ask(`${url}/openapi.json`)).json()) as Record<string, never>;
  const { valid, errors } = await new Validator().validate(document);
  expect(errors).toBeUndefined();
  expect(valid).toBe(true);
  expect(document["components"]?.["schemas"]?.["payload.mail"]).toMatchObject({
    properties: { to: { type: "string" } },
  });
});

it("shows figures to bearers of a token, where there are any", async () => {
  expect((await ask(`${await start()}/metrics`)).status).toBe(404);
  const url = await start({ metrics: async () => "jobs 1\n" });
  const figures = await ask(`${url}/metrics`);
  expect(await figures.text()).toBe("jobs 1\n");
  expect(figures.headers.get("content-type")).toBe("text/plain; version=0.0.4; charset=utf-8");
  expect((await ask(`${url}/metrics`, { headers: { authorization: "" } })).status).toBe(401);
  const document = await (await ask(`${url}/openapi.json`)).json();
  expect(document).toMatchObject({ paths: { "/metrics": { get: { operationId: "metrics" } } } });
  expect(await new Validator().validate(document as never)).toMatchObject({ valid: true });
});

it("answers 503 when Redis is away, and is not ready", async () => {
  const url = await start({ connection: "redis://127.0.0.1:1" });
  expect((await ask(`${url}/healthz`)).status).toBe(200);
  const [ready, answer] = await Promise.all([
    ask(`${url}/readyz`),
    ask(`${url}/queues/mail/jobs`, { body: job("a"), headers: { "idempotency-key": "k" } }),
  ]);
  expect(ready.status).toBe(503);
  expect(answer.status).toBe(503);
  expect(answer.headers.get("retry-after")).toBe("2");
  const text = await answer.text();
  expect(JSON.parse(text)).toMatchObject({ id: "k", outcome: "not-sent" });
  expect(text).not.toContain("127.0.0.1");
});

it("says on which port it cannot listen", async () => {
  const port = Number(new URL(await start()).port);
  const second = createGateway({ queues: [], connection: space.url, tokens: [TOKEN] });
  await expect(second.listen({ port })).rejects.toMatchObject({ code: "HG_GATEWAY_PORT" });
});
