import OpenAI from "openai";
import { expect, it } from "vitest";
import { patiently } from "./examples/patiently.ts";
import { fixture } from "./support/fixtures.ts";
import { listen, replay } from "./support/replay.ts";

const asked = (url: string) =>
  new OpenAI({ apiKey: "key", baseURL: url, maxRetries: 0 }).responses.create({ model: "gpt-5", input: "Hello" });

it("the README's example comes through when the API says so", async () => {
  let calls = 0;
  await using server = await listen((_, response) => {
    calls++;
    const refused = calls < 3;
    const headers = { "content-type": "application/json", ...(refused && { "retry-after-ms": "30" }) };
    response.writeHead(refused ? 429 : 200, headers).end('{"output":[]}');
  });
  const start = performance.now();
  await patiently(() => asked(server.url));
  expect(calls).toBe(3);
  expect(performance.now() - start).toBeGreaterThanOrEqual(58);
});

it.each([
  ["a spent quota", "openai-no-credit", 1],
  ["the last attempt", "openai", 1],
])("… and gives up: %s", async (_, name, attempts) => {
  await using server = await replay(fixture(name));
  await expect(patiently(() => asked(server.url), attempts)).rejects.toMatchObject({ status: 429 });
  expect(server.requests).toHaveLength(1);
});

it("… and does not try again what is no limit", async () => {
  let calls = 0;
  await expect(
    patiently(() => Promise.reject(Object.assign(new Error("x"), { status: 500, calls: ++calls }))),
  ).rejects.toThrow("x");
  expect(calls).toBe(1);
});
