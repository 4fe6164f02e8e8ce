import { providers } from "@headgate/hints/providers";
import { describe, expect, it, vi } from "vitest";
import { bodyText, tellsInBody } from "../../src/worker/answer.ts";

const json = { "content-type": "application/json" };

describe("whether a body is read for what it says of limits", () => {
  it.each<[string, Response, boolean]>([
    ["a refusal", new Response("{}", { status: 429 }), true],
    ["403, as GitHub has it", new Response("{}", { status: 403 }), true],
    ["402", new Response("{}", { status: 402 }), true],
    ["a success", new Response("{}", { headers: json }), false],
    ["another failure", new Response("{}", { status: 404, headers: json }), false],
    ["no body", new Response(null, { status: 429 }), false],
    ["too long a body", new Response("{}", { status: 429, headers: { "content-length": "65537" } }), false],
  ])("%s", (_, response, expected) => {
    expect(tellsInBody(response, null)).toBe(expected);
  });

  it("a success of a provider that tells in bodies, if it is JSON", () => {
    expect(tellsInBody(new Response("{}", { headers: json }), providers.shopify)).toBe(true);
    expect(tellsInBody(new Response("<html>"), providers.shopify)).toBe(false);
  });
});

describe("the body as text", () => {
  const streamOf = (pull: (controller: ReadableStreamDefaultController<Uint8Array>) => void | Promise<void>) =>
    new Response(new ReadableStream({ pull }));

  it("in parts, a character across two of them", async () => {
    const bytes = new TextEncoder().encode('{"error":"ü"}');
    const parts = [bytes.slice(0, 11), bytes.slice(11)];
    const response = streamOf((controller) => {
      const part = parts.shift();
      if (part) controller.enqueue(part);
      else controller.close();
    });
    expect(await bodyText(response)).toBe('{"error":"ü"}');
  });

  it("is nothing when it is longer than 64 KiB, and is not read to its end", async () => {
    let pulled = 0;
    const response = streamOf((controller) => {
      pulled++;
      controller.enqueue(new Uint8Array(16_384).fill(97));
    });
    expect(await bodyText(response)).toBeUndefined();
    expect(pulled).toBeLessThan(8);
  });

  it("is nothing when it does not come within a second", async () => {
    vi.useFakeTimers();
    try {
      const text = bodyText(streamOf(() => new Promise(() => undefined)));
      await vi.advanceTimersByTimeAsync(1_001);
      expect(await text).toBeUndefined();
    } finally {
      vi.useRealTimers();
    }
  });

  it("is nothing when it breaks off", async () => {
    expect(await bodyText(streamOf((controller) => controller.error(new Error("reset"))))).toBeUndefined();
  });

  it("leaves the answer itself whole", async () => {
    const response = new Response('{"a":1}');
    expect(await bodyText(response.clone())).toBe('{"a":1}');
    expect(await response.json()).toEqual({ a: 1 });
  });
});
