import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { Redis } from "ioredis";
import { redisUrl } from "../support/redis.ts";

export interface PrivateServer {
  readonly url: string;
  close(): Promise<void>;
}

/** A Redis of a test's own, for what must not be done to the one that all tests share. Loopback, no persistence. */
export async function startPrivateServer(): Promise<PrivateServer> {
  const port = await freePort();
  const [file, argv0] = await serverBinary();
  const args = ["--port", String(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", tmpdir()];
  const child = spawn(file, args, { stdio: "ignore", argv0 });
  const url = `redis://127.0.0.1:${port}`;
  const probe = new Redis(url, { maxRetriesPerRequest: null, retryStrategy: () => 20 });
  probe.on("error", () => undefined);
  const failed = once(child, "error").then(([error]) => Promise.reject(error));
  await Promise.race([probe.ping(), failed]);
  probe.disconnect();
  return { url, close: () => stop(child) };
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return;
  const ended = once(child, "exit");
  child.kill("SIGKILL");
  await ended;
}

/** The binary that serves the shared Redis, else what the machine has; Debian's redis-tools holds it under another name. */
async function serverBinary(): Promise<[file: string, argv0: string]> {
  const client = new Redis(redisUrl());
  const info = await client.info("server");
  client.disconnect();
  const serving = /^executable:(.+)$/m.exec(info)?.[1]?.trim() ?? "";
  if (existsSync(serving)) return [serving, "redis-server"];
  if (existsSync("/usr/bin/redis-check-rdb")) return ["/usr/bin/redis-check-rdb", "redis-server"];
  return ["redis-server", "redis-server"];
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}
