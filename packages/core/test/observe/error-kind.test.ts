import { Redis } from "ioredis";
import { describe, expect, it } from "vitest";
import { headgateError } from "../../src/errors.ts";
import { kindOf, withoutData } from "../../src/observe/error-kind.ts";
import { useRedis } from "../support/redis.ts";

const space = useRedis();

describe("the kind of an error", () => {
  it.each([
    [headgateError("HG_LOCK_LOST"), "HG_LOCK_LOST"],
    [new Error("OOM command not allowed when used memory > 'maxmemory'."), "oom"],
    [Object.assign(new Error("connect"), { code: "ECONNREFUSED" }), "connection"],
    [Object.assign(new Error("getaddrinfo"), { code: "EAI_AGAIN" }), "connection"],
    [new Error("could not renew lock for job secret-id"), "lock"],
    [Object.assign(new Error("x"), { code: "EACCES" }), "EACCES"],
    [new TypeError("payload was secret"), "TypeError"],
    [null, "Error"],
  ])("%s", (error, kind) => {
    expect(kindOf(error)).toBe(kind);
  });
});

describe("an error of the Redis client", () => {
  it("loses the arguments of its command, which are job data", async () => {
    const client = new Redis(space.url);
    const error: unknown = await client
      .lpush("", "secret")
      .then(
        () => client.hset("", "secret-field", "secret-value"),
        (thrown: unknown) => thrown,
      )
      .catch((thrown: unknown) => thrown);
    await client.del("");
    client.disconnect();
    expect(JSON.stringify((error as { command: unknown }).command)).toContain("secret-value");
    expect(withoutData(error)).toBe(error);
    expect(JSON.stringify((error as { command: unknown }).command)).not.toContain("secret");
    expect((error as { command: { name: string } }).command.name).toBe("hset");
  });
});
