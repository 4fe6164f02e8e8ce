import { randomUUID } from "node:crypto";
import { Redis } from "ioredis";
import { afterEach, beforeEach } from "vitest";
import { checkBullmq } from "../../src/bullmq/contract.ts";
import { defineScripts } from "../../src/redis/scripts.ts";
import { checkServer } from "../../src/redis/server.ts";
import { type Handles, noneLeaked, openHandles } from "./leaks.ts";

/** What a test has of Redis: a namespace that is its own, a client, and a place for what must be closed after it. */
export interface Space {
  readonly url: string;
  /** Unique in every test; pass it as `namespace` to defineLimiter. */
  readonly namespace: string;
  /** Headgate's scripts are defined on it. */
  readonly client: Redis;
  /** Closed after the test in reverse order, all of them even if one throws. */
  use<T extends Closeable>(part: T): T;
}

interface Closeable {
  close(): Promise<unknown>;
}

/** No server: fail, don't skip. */
export function redisUrl(): string {
  const url = process.env["REDIS_URL"];
  if (!url) throw new Error("REDIS_URL is not set: run the tests with `npm test`, which starts a private Redis");
  return url;
}

/** Call it once at the top of a file: every test gets a fresh space, which is cleaned up after it. Leaked handles fail. */
export function useRedis(url: () => string = redisUrl): Space {
  let namespace = "";
  let client: Redis | undefined;
  let parts: Closeable[] = [];
  let handles: Handles = {};

  beforeEach(async () => {
    handles = openHandles();
    namespace = `t${randomUUID().slice(0, 12)}`;
    parts = [];
    client = new Redis(url(), { maxRetriesPerRequest: null });
    checkBullmq();
    defineScripts(client, await checkServer(client));
  });

  afterEach(async ({ task }) => {
    if (!client) return;
    const failures: unknown[] = [];
    for (const part of parts.reverse()) await part.close().catch((error: unknown) => failures.push(error));
    await removeKeys(opened(), namespace);
    opened().disconnect();
    client = undefined;
    // A test that failed half-way has not come to closing what it opened.
    if (task.result?.state !== "fail") await noneLeaked(handles);
    if (failures.length > 0) throw new AggregateError(failures, "a part could not be closed");
  });

  const opened = (): Redis => {
    if (!client) throw new Error("the space is only open while a test runs");
    return client;
  };
  return {
    get url() {
      return url();
    },
    get namespace() {
      return namespace;
    },
    get client() {
      return opened();
    },
    use: (part) => {
      parts.push(part);
      return part;
    },
  };
}

async function removeKeys(client: Redis, namespace: string): Promise<void> {
  for (const pattern of [`{${namespace}:*`, `${namespace}:*`]) {
    let cursor = "0";
    do {
      const [next, keys] = await client.scan(cursor, "MATCH", pattern, "COUNT", 1_000);
      if (keys.length > 0) await client.unlink(...keys);
      cursor = next;
    } while (cursor !== "0");
  }
}
