import { describe, expect, it } from "vitest";
import { isAddress, readAddress } from "../../src/redis/address.ts";

describe("an address", () => {
  it.each(["redis://127.0.0.1:6379", "rediss://user:p%40ss@redis.example/2", "/var/run/redis.sock"])(
    "of a single Redis is ioredis' to read: %s",
    (url) => {
      expect(readAddress(url)).toEqual({ kind: "single", url });
    },
  );

  it("names sentinels, the primary and a database", () => {
    expect(readAddress("redis+sentinel://me:p%40ss@a,b:26380,[::1]:26381/main/3")).toEqual({
      kind: "sentinel",
      options: {
        username: "me",
        password: "p@ss",
        sentinels: [
          { host: "a", port: 26379 },
          { host: "b", port: 26380 },
          { host: "::1", port: 26381 },
        ],
        name: "main",
        db: 3,
      },
    });
  });

  it("gives the sentinels a password of their own, and TLS to both", () => {
    expect(readAddress("rediss+sentinel://:one@a/main?sentinelPassword=two%2F2")).toEqual({
      kind: "sentinel",
      options: {
        password: "one",
        sentinels: [{ host: "a", port: 26379 }],
        name: "main",
        db: 0,
        sentinelPassword: "two/2",
        tls: {},
        sentinelTLS: {},
        enableTLSForSentinelMode: true,
      },
    });
  });

  it("names nodes of a cluster", () => {
    expect(readAddress("rediss+cluster://me:secret@a:7000,b")).toEqual({
      kind: "cluster",
      nodes: [
        { host: "a", port: 7000 },
        { host: "b", port: 6379 },
      ],
      options: { username: "me", password: "secret", tls: {} },
    });
  });

  it.each([
    "",
    "localhost:6379",
    "http://127.0.0.1",
    "postgres://127.0.0.1",
    "redis+sentinel://a,b",
    "redis+sentinel:///main",
    "redis+sentinel://a/main/first",
    "redis+sentinel://a/main/0/1",
    "redis+sentinel://a:port/main",
    "redis+cluster://a,,b",
    "redis+cluster://a/0",
    "redis+cluster://%zz@a",
    "redis+other://a",
  ])("is refused: %j", (text) => {
    expect(isAddress(text)).toBe(false);
    expect(() => readAddress(text)).toThrow(expect.objectContaining({ code: "HG_BACKEND_UNSUPPORTED" }));
  });

  it("is refused without its password", () => {
    expect(() => readAddress("redis+sentinel://me:hunter2@a")).toThrow(
      expect.objectContaining({ got: "redis+sentinel://…" }),
    );
  });
});
