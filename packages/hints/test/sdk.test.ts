import { createOpenAI } from "@ai-sdk/openai";
import {
  status as codes,
  Metadata,
  Server,
  ServerCredentials,
  type ServiceDefinition,
  type ServiceError,
} from "@grpc/grpc-js";
import { Octokit } from "@octokit/core";
import { generateText } from "ai";
import ky, { type HTTPError } from "ky";
import { Agent, RetryAgent, request } from "undici";
import { describe, expect, it } from "vitest";
import { type Classified, classifyError } from "../src/index.ts";
import { viaAiSdk } from "./snippets/ai-sdk.ts";
import { viaAws } from "./snippets/aws-sdk.ts";
import { viaGrpc } from "./snippets/grpc.ts";
import { type Fixture, fixture, inOrder, saidBy } from "./support/fixtures.ts";
import { replay } from "./support/replay.ts";

const answers = (answer: Fixture["answer"]): Fixture => ({
  source: "",
  answer,
  expected: { throttled: true, terminal: false, source: "none", limits: [] },
});

function rowOf(classified: Classified | null): unknown[] {
  const { throttled, terminal, hint, status } = classified ?? classifyError(null);
  return [status, throttled, terminal, hint.source, hint.retryAfterMs];
}

describe("@aws-sdk/client-sqs", () => {
  async function sent(status: number, code: string, headers: Record<string, string>): Promise<Classified | null> {
    const type = { "content-type": "application/x-amz-json-1.0" };
    await using server = await replay(answers({ status, headers: { ...type, ...headers }, body: { __type: code } }));
    const classified = await viaAws(server.url);
    expect(server.requests).toHaveLength(1);
    return classified;
  }

  it.each<[string, number, string, Record<string, string>, unknown[]]>([
    ["a code with status 400", 400, "com.amazonaws.sqs#RequestThrottled", {}, [400, true, false, "none", undefined]],
    ["a code of all services", 400, "ThrottlingException", {}, [400, true, false, "none", undefined]],
    ["a code with a wait", 503, "SlowDown", { "retry-after": "3" }, [503, true, false, "retry-after", 3_000]],
    ["the status", 429, "AnythingElse", { "retry-after": "3" }, [429, true, false, "retry-after", 3_000]],
    ["no code of a limit", 400, "com.amazonaws.sqs#OverLimit", {}, [400, false, false, "none", undefined]],
    ["no limit", 400, "com.amazonaws.sqs#QueueDoesNotExist", {}, [400, false, false, "none", undefined]],
  ])("by %s", async (_, status, code, headers, expected) => {
    expect(rowOf(await sent(status, code, headers))).toEqual(expected);
  });

  it.each([
    ["$retryable", { $retryable: { throttling: true }, $metadata: { httpStatusCode: 400 } }, true],
    ["a name without $metadata", { name: "ThrottlingException" }, false],
    ["a limit of another kind", { name: "LimitExceededException", $metadata: { httpStatusCode: 400 } }, false],
  ])("by shape: %s", (_, properties, throttled) => {
    expect(classifyError(Object.assign(new Error("x"), properties)).throttled).toBe(throttled);
  });
});

describe("the AI SDK", () => {
  it.each(["openai", "openai-no-credit", "openai-slow-down"])("an APICallError: %s", async (name) => {
    const recorded = fixture(name);
    await using server = await replay(recorded);
    const classified = (await viaAiSdk(server.url)) ?? classifyError(null);
    expect(server.requests).toHaveLength(1);
    expect(saidBy(classified)).toEqual(inOrder(recorded.expected));
  });

  it("an error that went through another is found", async () => {
    await using server = await replay(fixture("openai"));
    const model = createOpenAI({ apiKey: "sk-key", baseURL: server.url })("gpt-5");
    const ask = () => generateText({ model, prompt: "Hello", maxRetries: 0 });
    const wrapped = await Promise.any([ask(), ask()]).catch((cause: unknown) => new Error("no summary", { cause }));
    expect(rowOf(classifyError(wrapped)).slice(0, 2)).toEqual([429, true]);
  });

  it("a RetryError, of which the last error counts", async () => {
    const headers = { "content-type": "application/json", "retry-after-ms": "5" };
    const body = { error: { code: "rate_limit_exceeded", message: "x", type: "requests" } };
    await using server = await replay(answers({ status: 429, headers, body }));
    const model = createOpenAI({ apiKey: "sk-key", baseURL: server.url })("gpt-5");
    const error = await generateText({ model, prompt: "Hello", maxRetries: 1 }).catch((caught: unknown) => caught);
    expect(rowOf(classifyError(error))).toEqual([429, true, false, "retry-after-ms", 5]);
    expect(server.requests).toHaveLength(2);
  });
});

describe("undici's retries", () => {
  it("a RequestRetryError: its last answer counts", async () => {
    await using server = await replay(answers({ status: 429, headers: { "retry-after": "0.01" }, body: {} }));
    const dispatcher = new RetryAgent(new Agent(), { maxRetries: 1, minTimeout: 1, maxTimeout: 10 });
    const error = await request(server.url, { dispatcher }).catch((caught: unknown) => caught);
    await dispatcher.close();
    expect(error).toMatchObject({ code: "UND_ERR_REQ_RETRY" });
    expect(rowOf(classifyError(error))).toEqual([429, true, false, "retry-after", 10]);
    expect(server.requests).toHaveLength(2);
  });
});

it("ky's HTTPError: its headers count, its body is left alone", async () => {
  await using server = await replay(fixture("discord"));
  const error = await ky(server.url, { retry: 0 }).catch((caught: unknown) => caught);
  expect(rowOf(classifyError(error))).toEqual([429, true, false, "retry-after", 2_000]);
  expect((error as HTTPError).response.bodyUsed).toBe(false);
});

describe("@octokit/core's graphql", () => {
  it.each<[string, unknown]>([
    ["no data", null],
    ["half an answer", { viewer: { login: "x" }, repository: null }],
  ])("a 200 whose errors say RATE_LIMITED, with %s", async (_, data) => {
    const headers = { "content-type": "application/json", "x-ratelimit-remaining": "0", "x-ratelimit-reset": "60" };
    const errors = [{ type: "RATE_LIMITED", message: "API rate limit exceeded" }];
    await using server = await replay(answers({ status: 200, headers, body: { data, errors } }));
    const error = await new Octokit({ baseUrl: server.url })
      .graphql("{ viewer { login } }")
      .catch((caught: unknown) => caught);
    expect(rowOf(classifyError(error, { provider: { reset: "s" } }))).toEqual([
      undefined,
      true,
      false,
      "reset",
      60_000,
    ]);
  });
});

describe("@grpc/grpc-js", () => {
  const service: ServiceDefinition = {
    say: {
      path: "/test.Test/say",
      requestStream: false,
      responseStream: false,
      requestSerialize: (text: string) => Buffer.from(text),
      requestDeserialize: String,
      responseSerialize: (text: string) => Buffer.from(text),
      responseDeserialize: String,
    },
  };

  async function said(code: number, trailers: Record<string, string>): Promise<Classified | null> {
    const server = new Server();
    const metadata = new Metadata();
    for (const [name, value] of Object.entries(trailers)) metadata.set(name, value);
    server.addService(service, {
      say: (_: unknown, done: (error: Partial<ServiceError>) => void) => done({ code, details: "no", metadata }),
    });
    const port = await new Promise<number>((resolve, reject) => {
      server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, bound) => {
        if (error) reject(error);
        else resolve(bound);
      });
    });
    try {
      return await viaGrpc(`127.0.0.1:${port}`, service);
    } finally {
      server.forceShutdown();
    }
  }

  it.each<[string, number, Record<string, string>, unknown[]]>([
    ["RESOURCE_EXHAUSTED", codes.RESOURCE_EXHAUSTED, {}, [undefined, true, false, "none", undefined]],
    [
      "RESOURCE_EXHAUSTED with a trailer",
      codes.RESOURCE_EXHAUSTED,
      { "retry-after": "4" },
      [undefined, true, false, "retry-after", 4_000],
    ],
    ["UNAVAILABLE", codes.UNAVAILABLE, {}, [undefined, false, false, "none", undefined]],
  ])("%s", async (_, code, trailers, expected) => {
    expect(rowOf(await said(code, trailers))).toEqual(expected);
  });
});
