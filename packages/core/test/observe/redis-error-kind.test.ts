import { Redis } from "ioredis";
import { describe, expect, it } from "vitest";
import { headgateError } from "../../src/errors.ts";
import { redisErrorKind } from "../../src/observe/redis-error-kind.ts";
import { unavailable } from "../../src/redis/fault.ts";
import { useRedis } from "../support/redis.ts";

const space = useRedis();
const reply = (message: string): Error => Object.assign(new Error(message), { name: "ReplyError" });
const withCode = (code: string): Error => Object.assign(new Error("connect"), { code });

describe("the kind of an error of Redis", () => {
  it.each([
    [reply("OOM command not allowed when used memory > 'maxmemory'."), "oom"],
    [reply("ERR Error running script: @user_script:12: -OOM command not allowed"), "oom"],
    [reply("READONLY You can't write against a read only replica."), "readonly"],
    [reply("CLUSTERDOWN The cluster is down"), "clusterdown"],
    [reply("CROSSSLOT Keys in request don't hash to the same slot"), "crossslot"],
    [reply("NOSCRIPT No matching script. Please use EVAL."), "noscript"],
    [reply("NOPERM User x has no permissions to run the 'get' command"), "noperm"],
    [reply("LOADING Redis is loading the dataset in memory"), "other"],
    [withCode("ECONNREFUSED"), "connection"],
    [new Error("Connection is closed."), "connection"],
    [withCode("ETIMEDOUT"), "timeout"],
    [new Error("Command timed out"), "timeout"],
    [unavailable("timeout", "id", "unknown"), "timeout"],
    [unavailable("connection", "id", "not-sent"), "connection"],
    [unavailable("oom", "id", "not-sent", reply("OOM command not allowed")), "oom"],
    [headgateError("HG_REDIS_UNREACHABLE"), "connection"],
    [headgateError("HG_LOCK_LOST"), null],
    [reply("HG_NOT_REGISTERED {headgate:api}:q:"), null],
    [new TypeError("of a processor"), null],
    [null, null],
  ])("%s", (error, kind) => {
    expect(redisErrorKind(error)).toBe(kind);
  });

  it("as a real server words them", async () => {
    const client = new Redis(space.url);
    const kindOf = (command: Promise<unknown>) => command.then(() => "none", redisErrorKind);
    await client.set(`${space.namespace}:text`, "x");
    expect(await kindOf(client.evalsha("0".repeat(40), 0))).toBe("noscript");
    expect(await kindOf(client.lpush(`${space.namespace}:text`, "x"))).toBe("other");
    await client.del(`${space.namespace}:text`);
    client.disconnect();
  });
});
